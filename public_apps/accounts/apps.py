from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "public_apps.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from public_apps.accounts import (
            openapi,  # noqa: F401 - registers the scheme by being imported
            second_factor,
        )

        second_factor.take_each_code_once()
