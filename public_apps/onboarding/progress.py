"""What a buyer may see of the way to the workspace: times and the address, nothing personal."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from public_apps.onboarding import welcome
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains

STEPS = ("payment", "workspace", "address", "owner", "welcome_mail")


class ProgressStep(TypedDict):
    name: str
    done_at: datetime | None


class Progress(TypedDict):
    status: str
    steps: list[ProgressStep]
    workspace_url: str | None


def of(signup: Signup) -> Progress:
    """Return how far a sign-up has come; the address only once it answers."""
    tenant = signup.tenant
    times = (
        signup.paid_at, signup.workspace_at, signup.address_at, signup.owner_at,
        welcome.sent_at(signup=signup),
    )  # fmt: skip
    return {
        "status": signup.stage.value,
        "steps": [
            {"name": name, "done_at": done_at} for name, done_at in zip(STEPS, times, strict=True)
        ],
        "workspace_url": domains.url_of(tenant) if tenant and signup.ready_at else None,
    }


def by_session(session_id: str) -> Signup | None:
    """Return the sign-up of a checkout session."""
    return Signup.objects.select_related("tenant").filter(checkout_session_id=session_id).first()
