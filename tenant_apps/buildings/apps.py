from django.apps import AppConfig


class BuildingsConfig(AppConfig):
    name = "tenant_apps.buildings"
    label = "buildings"

    def ready(self) -> None:
        from tenant_apps.buildings import queries  # noqa: F401 - registers how to count apartments
