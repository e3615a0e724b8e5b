from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "public_apps.tenants"
    label = "tenants"

    def ready(self) -> None:
        from public_apps.core import health
        from public_apps.tenants import pool, reset_mail  # noqa: F401 - registers how it is composed

        health.register("spare_tenants", pool.is_stocked)
