from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "tests.tenants.forgetful_release"
    label = "notices"
