from django.apps import AppConfig


class WildConfig(AppConfig):
    name = "tests.fleet.wild"
    label = "wild"
