from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing import incidents, mails  # noqa: F401 - register how their mails are composed
        from billing.owners import limits  # noqa: F401 - judges what plans allow
