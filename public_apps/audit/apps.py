from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "public_apps.audit"
    label = "audit"
