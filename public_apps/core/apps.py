from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "public_apps.core"
    label = "core"
    verbose_name = _("Mails")

    def ready(self) -> None:
        # They listen, or are known to URLconfs, by being imported.
        from public_apps.core import credential_paths, own_session, suppression  # noqa: F401
