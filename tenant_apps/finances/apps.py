from django.apps import AppConfig


class FinancesConfig(AppConfig):
    name = "tenant_apps.finances"
    label = "finances"
