from django.apps import AppConfig
from django.db.models.signals import post_migrate


class StaffConfig(AppConfig):
    name = "staff"
    label = "staff"

    def ready(self) -> None:
        # They register the admin pages.
        from staff import (  # noqa: F401
            arrivals,
            by_hand,
            erasing,
            groups,
            jobs,
            offers,
            people,
            registrations,
            tenants,
        )
        from staff.alerts import (  # noqa: F401 - register themselves
            broken_rows,
            gauges,
            leaving,
            pages,
            worker_watch,
        )

        # After this app's own permissions are there: Django makes them at the same signal.
        post_migrate.connect(groups.bring_in_line, sender=self)
