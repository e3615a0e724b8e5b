"""A tenant's story: who owns it, and the way from the form to the open door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from public_apps.accounts.models import User
from public_apps.core.schemas import inside
from public_apps.onboarding import progress
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who opened the workspace, as its own schema knows them now."""

    email: str
    name: str
    has_password: bool
    last_login: datetime | None


def owner_of(tenant: Tenant) -> Owner | None:
    """Return the first owner, or None while there is none."""
    if not tenant.provisioned_at or not tenant.owner_email:
        return None
    with inside(tenant.schema_name):
        owner = User.objects.filter(email__iexact=tenant.owner_email).first()
    if owner is None:
        return None
    return Owner(
        email=owner.email,
        name=owner.get_full_name(),
        has_password=owner.has_usable_password(),
        last_login=owner.last_login,
    )


def signup_of(tenant: Tenant) -> Signup | None:
    """Return the sign-up that led to the workspace, if one did."""
    return Signup.objects.filter(tenant=tenant).select_related("tenant").first()


def steps_of(signup: Signup) -> list[dict[str, Any]]:
    """Return the steps from the form to the open door, with the time of each and how long it took."""
    steps: list[dict[str, Any]] = [{"name": "started", "done_at": signup.created_at}]
    steps += [dict(step) for step in progress.of(signup)["steps"]]
    steps.append({"name": "ready", "done_at": signup.ready_at})
    before: datetime | None = None
    for step in steps:
        done_at = step["done_at"]
        step["took"] = done_at - before if done_at and before else None
        before = done_at or before
    return steps
