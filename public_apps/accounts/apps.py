from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "public_apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        from public_apps.accounts import openapi  # noqa: F401 - registers the scheme by being imported
