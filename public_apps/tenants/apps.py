from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "public_apps.tenants"
    label = "tenants"
    verbose_name = _("Tenants")

    def ready(self) -> None:
        from django.conf import settings

        from public_apps.monitoring import health
        from public_apps.tenants import (  # noqa: F401 - mails and listeners register themselves
            account_mails,
            invitation_mail,
            offboarding_hooks,
            ownership,
            pool,
            reset_mail,
        )
        from public_apps.tenants.archives import backup
        from public_apps.tenants.archives import mails as archives_mails  # noqa: F401 - as above
        from public_apps.tenants.archives import tasks as archives_tasks  # noqa: F401 - as above
        from public_apps.tenants.custom_domains import cors, mails, tasks  # noqa: F401 - as above
        from public_apps.tenants.offboarding import mails as offboarding_mails  # noqa: F401 - as above
        from public_apps.tenants.offboarding import public_data  # noqa: F401 - as above
        from public_apps.tenants.offboarding import tasks as offboarding_tasks  # noqa: F401 - as above

        health.register("spare_tenants", pool.is_stocked)
        if settings.ARCHIVE_STORE:
            offboarding_hooks.use_archive_storage(backup.StoredArchives())
