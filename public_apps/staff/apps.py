from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "public_apps.staff"
    label = "staff"

    def ready(self) -> None:
        # They register the admin pages.
        from public_apps.staff import by_hand, registrations, tenants  # noqa: F401
