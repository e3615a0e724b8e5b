from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "staff"
    label = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        # They register admin pages, and listen, by being imported.
        from staff import erasure, groups, invitations, second_factor_views  # noqa: F401
        from staff.admin import (  # noqa: F401
            billing,
            documents,
            incidents,
            jobs,
            manual_payments,
            outside_purchases,
            plans,
            signups,
            staff,
            tenants,
        )
        from staff.alerts import broken_rows, gauges, leaving, worker_watch  # noqa: F401

        # In the sidebar, and in no language but English: procrastinate has no other name for itself.
        apps.get_app_config("procrastinate").verbose_name = _("Jobs")
        # After this app's own permissions are there: Django makes them at the same signal.
        post_migrate.connect(groups.bring_in_line, sender=self)
