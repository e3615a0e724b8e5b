from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "public_apps.core"
    label = "core"
