from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "tenant_apps.requests"
    label = "requests"
