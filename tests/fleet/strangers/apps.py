from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


def came(sender: Any, signal: Any, using: str, plan: Any, apps: Any, **_more: Any) -> None:
    """Write down whom it heard of: each in the schema that was migrated."""
    model = apps.get_model("strangers", "Call") if _knows(apps) else None
    if signal is post_migrate and model:
        names = sorted(f"{migration.app_label}.{migration.name}" for migration, _back in plan)
        model.objects.using(using).create(sender=sender.label, said=" ".join(names))


def _knows(apps: Any) -> bool:
    return "call" in apps.all_models.get("strangers", {})


class StrangersConfig(AppConfig):
    name = "tests.fleet.strangers"
    label = "strangers"

    def ready(self) -> None:
        """Listen to all."""
        pre_migrate.connect(came)
        post_migrate.connect(came)
