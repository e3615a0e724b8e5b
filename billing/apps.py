from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import mails, offboarding  # noqa: F401 - register what they do
        from billing.owners import quota_enforcement  # noqa: F401 - judges what plans allow
