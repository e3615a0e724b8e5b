from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import departures, incidents, mails  # noqa: F401 - register what they do
        from billing.owners import limits  # noqa: F401 - judges what plans allow
