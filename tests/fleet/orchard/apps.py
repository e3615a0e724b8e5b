from django.apps import AppConfig


class OrchardConfig(AppConfig):
    name = "tests.fleet.orchard"
    label = "orchard"
