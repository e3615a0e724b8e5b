from django.apps import AppConfig


class StaffConfig(AppConfig):
    name = "public_apps.staff"
    label = "staff"

    def ready(self) -> None:
        from public_apps.staff import registrations  # noqa: F401 - registers the admin pages
