from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "apps.jobs"
    label = "jobs"

    def ready(self) -> None:
        from django.conf import settings

        from apps.jobs import receivers, takedown, thumbnails  # noqa: F401 (connect themselves)
        from apps.jobs.queue import install_broker

        install_broker(settings.REDIS_URL)
