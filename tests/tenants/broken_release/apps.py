from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "tests.tenants.broken_release"
    label = "notices"
