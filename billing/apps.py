from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = _("Billing")

    def ready(self) -> None:
        from billing import contacts, mails, offboarding  # noqa: F401 - register what they do
        from billing.owners import quota_enforcement  # noqa: F401 - judges what plans allow
