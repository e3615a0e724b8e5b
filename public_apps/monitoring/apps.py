from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MonitoringConfig(AppConfig):
    name = "public_apps.monitoring"
    label = "monitoring"
    verbose_name = _("Monitoring")

    def ready(self) -> None:
        # They listen, compose mails, and have processes do things, by being imported.
        from public_apps.monitoring import clocks, incidents, listeners  # noqa: F401
