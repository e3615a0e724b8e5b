from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "public_apps.core"
    label = "core"

    def ready(self) -> None:
        # They listen, or are known to URLconfs, by being imported.
        from public_apps.core import credential_paths, suppression  # noqa: F401
