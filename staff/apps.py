from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "staff"
    label = "staff"

    def ready(self) -> None:
        # They register the admin pages.
        from staff import erasure, groups  # noqa: F401
        from staff.admin import (  # noqa: F401
            billing,
            incidents,  # noqa: F401 - register themselves
            jobs,
            manual_payments,
            plans,
            signups,
            staff,
            tenants,
        )
        from staff.alerts import broken_rows, gauges, leaving, worker_watch  # noqa: F401 - register themselves

        # After this app's own permissions are there: Django makes them at the same signal.
        post_migrate.connect(groups.bring_in_line, sender=self)
