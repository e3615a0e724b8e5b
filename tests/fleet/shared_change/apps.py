from django.apps import AppConfig


class MoodsConfig(AppConfig):
    name = "tests.fleet.shared_change"
    label = "moods"
