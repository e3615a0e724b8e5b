from django.apps import AppConfig


class StrangeConfig(AppConfig):
    name = "tests.fleet.strange"
    label = "strange"
