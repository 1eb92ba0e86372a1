from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "apps.trust"
    label = "trust"

    def ready(self) -> None:
        from apps.trust import receivers  # noqa: F401 (connects itself)
