"""Who owns a workspace, as public knows it: follows what happens to its owners."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from public_apps.accounts.members.actions import owners_changed
from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import current, in_public
from public_apps.tenants.models import Tenant


@receiver(owners_changed)
def keep_owner_email(**_event: Any) -> None:
    """Write down the address of the owner who has been a member for longest."""
    first = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk").first()
    schema_name = current()
    if first is not None:
        with in_public():
            Tenant.objects.filter(schema_name=schema_name).update(owner_email=first.email)
