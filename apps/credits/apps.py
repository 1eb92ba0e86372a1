from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "apps.credits"
    label = "credits"

    def ready(self) -> None:
        from apps.credits import receivers  # noqa: F401 (connects itself)
