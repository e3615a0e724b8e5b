from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "public_apps.accounts"
    label = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        from public_apps.accounts import hashed_sessions

        hashed_sessions.hash_keys()
        # Each does its work by being imported.
        from public_apps.accounts import one_time_codes, openapi, sign_in_log  # noqa: F401
