from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Registers our own system checks."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401 - registers the checks by being imported
