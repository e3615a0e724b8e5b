from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "public_apps.monitoring"
    label = "monitoring"

    def ready(self) -> None:
        # They listen, and compose mails, by being imported.
        from public_apps.monitoring import incidents, listeners  # noqa: F401
