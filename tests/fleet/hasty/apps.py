from django.apps import AppConfig


class HastyConfig(AppConfig):
    name = "tests.fleet.hasty"
    label = "hasty"
