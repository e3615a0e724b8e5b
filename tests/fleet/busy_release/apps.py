from django.apps import AppConfig


class TalliesConfig(AppConfig):
    name = "tests.fleet.busy_release"
    label = "tallies"
