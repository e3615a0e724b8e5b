from django.apps import AppConfig


class BuildingsConfig(AppConfig):
    name = "tenant_apps.buildings"
    label = "buildings"
