from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "apps.uploads"
    label = "uploads"

    def ready(self) -> None:
        from apps.uploads import receivers  # noqa: F401 (importing it connects them)
