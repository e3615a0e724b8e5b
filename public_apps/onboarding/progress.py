"""What a buyer may see of the way to the workspace: times and the address, nothing personal."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from public_apps.onboarding import welcome
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains


class Step(TypedDict):
    name: str
    done_at: datetime | None


class Progress(TypedDict):
    status: str
    steps: list[Step]
    workspace_url: str | None


def of(signup: Signup) -> Progress:
    """Return how far a sign-up has come; the address only once it answers."""
    tenant = signup.tenant
    return {
        "status": signup.stage.value,
        "steps": [
            {"name": "payment", "done_at": signup.paid_at},
            {"name": "workspace", "done_at": signup.workspace_at},
            {"name": "address", "done_at": signup.address_at},
            {"name": "owner", "done_at": signup.owner_at},
            {"name": "welcome_mail", "done_at": welcome.sent_at(signup=signup)},
        ],
        "workspace_url": domains.url_of(tenant) if tenant and signup.ready_at else None,
    }


def by_session(session_id: str) -> Signup | None:
    """Return the sign-up of a checkout session."""
    return Signup.objects.select_related("tenant").filter(checkout_session_id=session_id).first()
