from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "public_apps.core"
    label = "core"

    def ready(self) -> None:
        from public_apps.core import sign_ins, suppression  # noqa: F401 - listen by being imported
