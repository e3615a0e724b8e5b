"""A tenant's story: who owns it, and the way from the form to the open door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import ProgrammingError
from django.utils.translation import gettext_lazy as _

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.onboarding import progress
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
NO_TIME = timedelta(0)
STEPS = (
    ("started", _("started")),
    ("payment", _("paid")),
    ("workspace", _("workspace taken")),
    ("address", _("address given")),
    ("owner", _("owner created")),
    ("ready", _("ready")),
    ("welcome_mail", _("welcome mail sent")),
)


@dataclass(frozen=True, kw_only=True)
class TimelineStep:
    """One step of the way, and how long it took after the one before."""

    name: str
    done_at: datetime | None
    took: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who opened the workspace, as its own schema knows them now."""

    email: str
    name: str
    has_password: bool
    last_login: datetime | None


def owner_of(tenant: Tenant) -> Owner | None:
    """Return the first owner; None while there is none, or if the schema can't be read."""
    if not tenant.provisioned_at or not tenant.owner_email:
        return None
    try:
        with inside(tenant.schema_name):
            owner = User.objects.filter(email__iexact=tenant.owner_email).first()
    except ProgrammingError:
        # Of a workspace that is broken, the page must show all the more.
        log.exception("tenant's schema can't be read", schema=tenant.schema_name)
        return None
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


def steps_of(signup: Signup) -> list[TimelineStep]:
    """Return the steps from the form to the open door, each with its time and how long it took."""
    done = {step["name"]: step["done_at"] for step in progress.of(signup)["steps"]}
    done |= {"started": signup.created_at, "ready": signup.ready_at}
    steps = []
    before: datetime | None = None
    for name, label in STEPS:
        done_at = done[name]
        took = max(done_at - before, NO_TIME) if done_at and before else None
        steps.append(TimelineStep(name=str(label), done_at=done_at, took=took))
        before = done_at or before
    return steps
