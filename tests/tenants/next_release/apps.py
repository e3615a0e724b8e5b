from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "tests.tenants.next_release"
    label = "notices"
