from django.apps import AppConfig


class BuildingsConfig(AppConfig):
    name = "tenant_apps.buildings"
    label = "buildings"

    def ready(self) -> None:
        # Registered: how to count apartments, and what an accepted invitation opens.
        from tenant_apps.buildings import moving_in, queries  # noqa: F401
