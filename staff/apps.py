from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "staff"
    label = "staff"

    def ready(self) -> None:
        # They register admin pages, and listen, by being imported.
        from staff import erasure, groups, invitations, second_factor_views  # noqa: F401
        from staff.admin import (  # noqa: F401
            billing,
            incidents,
            jobs,
            manual_payments,
            plans,
            signups,
            staff,
            tenants,
        )
        from staff.alerts import broken_rows, gauges, leaving, worker_watch  # noqa: F401

        # After this app's own permissions are there: Django makes them at the same signal.
        post_migrate.connect(groups.bring_in_line, sender=self)
