from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "apps.batches"
    label = "batches"

    def ready(self) -> None:
        from apps.batches import receivers  # noqa: F401
