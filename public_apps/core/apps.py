from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "public_apps.core"
    label = "core"

    def ready(self) -> None:
        from public_apps.core import suppression  # noqa: F401 - listens by being imported
