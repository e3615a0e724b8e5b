"""One mail of each kind about a workspace, due to be sent: for whoever asks what all of them say."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from django.utils import timezone

from billing.models import Invoice, Subscription
from public_apps.accounts.invitations import actions as invitations
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.onboarding.models import Signup
from public_apps.tenants.archives import store_layout
from public_apps.tenants.models import AccessChange, Aim, Departure, DomainClaim, Export
from tenant_apps.requests.models import Comment, ServiceRequest, Status, Step
from tests.core.web_stack import Workspace, person_of
from tests.tenant_api.populated_workspace import PopulatedWorkspace

Make = Callable[["Told"], str]


@dataclass(frozen=True)
class Told:
    """A workspace with a building, and the owner who is told."""

    populated: PopulatedWorkspace

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.populated.workspace

    @property
    def owner(self) -> User:
        """Whoever gets the mails."""
        return person_of(self.workspace)

    def due(self, kind: str) -> OutgoingMail:
        """Return a mail of this kind that is due to the owner."""
        address = f"{secrets.token_hex(4)}@town.example" if kind == "email_change" else ""
        key = MAKERS[kind](self)
        return mail.enqueue(kind=kind, key=key, to=address or self.workspace.owner, language="en")


def _welcome(told: Told) -> str:
    tenant, now = told.workspace.tenant, timezone.now()
    signup, _new = Signup.objects.get_or_create(
        tenant=tenant,
        defaults={
            "organization": "Town", "subdomain": f"x-{secrets.token_hex(5)}", "paid_at": now,
            "workspace_at": now, "owner_at": now, "ready_at": now,
            "email": told.workspace.owner, "first_name": "Eleni",
        },
    )  # fmt: skip
    with inside(tenant.schema_name):  # or the mail would not be wanted any more
        User.objects.filter(email=told.workspace.owner).update(password="!")
    return f"{signup.pk}:{uuid.uuid4().hex}"


def _about_owner(told: Told) -> str:
    return f"{told.populated.schema}:{told.owner.pk}:{uuid.uuid4().hex}"


def _security(told: Told) -> str:
    return f"{told.populated.schema}:{told.owner.pk}:password_changed:{uuid.uuid4().hex}"


def _email_change(told: Told) -> str:
    with inside(told.populated.schema):
        address = EmailAddress.objects.create(
            user=told.owner, email=f"{secrets.token_hex(4)}@town.example"
        )
        confirmation = EmailConfirmation.objects.create(
            email_address=address, key=secrets.token_hex(32), sent=timezone.now()
        )
    return f"{told.populated.schema}:{confirmation.pk}"


def _invitation(told: Told) -> str:
    with inside(told.populated.schema):
        email = f"{secrets.token_hex(4)}@town.example"
        invitation = invitations.invite(by=told.owner, email=email, role="resident")
    return f"{told.populated.schema}:{invitation.pk}:{invitation.mails}"


def _request(**facts: Any) -> Make:
    def make(told: Told) -> str:
        with inside(told.populated.schema):
            request = ServiceRequest.objects.create(
                building=told.populated.building, title="A drip", description="In the cellar",
                opened_by=told.owner, assigned_to=told.owner if facts.get("assigned") else None,
            )  # fmt: skip
            step = Step.objects.create(request=request, status=Status.OPEN, by=told.owner)
            said = Comment.objects.create(request=request, author=told.owner, body="Soon.")
        occurrence = said.pk if facts.get("comment") else step.pk
        return f"{told.populated.schema}:{occurrence}:{told.owner.pk}"

    return make


def _subscription(told: Told, **fields: Any) -> Subscription:
    return Subscription.objects.create(
        pk=f"sub_{secrets.token_hex(8)}", tenant=told.workspace.tenant, currency="eur",
        unit_amount=4900, **fields,
    )  # fmt: skip


def _trial_ending(told: Told) -> str:
    ends = timezone.now() + timedelta(days=2)
    trial = _subscription(told, status="trialing", trial_end=ends)
    return f"{told.workspace.tenant.pk}:{trial.pk}:{int(ends.timestamp())}:{told.owner.pk}"


def _cancelled(told: Told) -> str:
    now = timezone.now()
    ended = _subscription(told, status="canceled", canceled_at=now, ended_at=now)
    return f"{told.workspace.tenant.pk}:{ended.pk}:{int(now.timestamp())}:{told.owner.pk}"


def _change_lapsed(told: Told) -> str:
    lapsed = {"kind": "plan", "price": "price_gone", "expires_at": 1_790_000_000}
    kept = _subscription(told, status="active", lapsed_change=lapsed)
    return f"{told.workspace.tenant.pk}:{kept.pk}:{lapsed['expires_at']}:{told.owner.pk}"


def _planned(*, came: bool) -> Make:
    def make(told: Told) -> str:
        planned = {
            "schedule": "sub_sched_1", "made_here": True, "asked_at": 1_790_000_000, "came": came,
            "at": 1_791_000_000, "price": "price_gone", "plan": "starter",
        }  # fmt: skip
        kept = _subscription(told, status="active", scheduled_change=planned)
        return f"{told.workspace.tenant.pk}:{kept.pk}:{planned['asked_at']}:{told.owner.pk}"

    return make


def _invoice(told: Told) -> str:
    unpaid = Invoice.objects.create(
        pk=f"in_{secrets.token_hex(8)}", tenant=told.workspace.tenant, status="open",
        amount_due=4900, currency="eur", number="X-1", attempt_count=1,
        hosted_url="https://invoice.stripe.com/i/of-today",
    )  # fmt: skip
    return f"{told.workspace.tenant.pk}:{unpaid.pk}:1:{told.owner.pk}"


def _access(told: Told) -> str:
    change = AccessChange.objects.create(
        tenant=told.workspace.tenant, suspended=True, reason="unpaid", cause="the clock"
    )
    return f"{told.workspace.tenant.pk}:{change.pk}:{told.owner.pk}"


def _departure(aim: Aim, number: str) -> Make:
    def make(told: Told) -> str:
        tenant, now = told.workspace.tenant, timezone.now()
        Departure.objects.filter(tenant=tenant).update(undone_at=now)
        leaving = Departure.objects.create(
            tenant=tenant, aim=aim, asked_by="somebody", begins_at=now + timedelta(days=30)
        )
        return f"{leaving.pk}{number}"

    return make


def _export(told: Told) -> str:
    now = timezone.now()
    export = Export.objects.create(
        tenant=told.workspace.tenant, asked_by=told.workspace.owner, finished_at=now,
        expires_at=now + timedelta(days=7), stored_as=f"told{store_layout.EXPORT}",
    )  # fmt: skip
    return str(export.pk)


def _domain(told: Told) -> str:
    now = timezone.now()
    claim = DomainClaim.objects.create(
        tenant=told.workspace.tenant, host=f"{secrets.token_hex(4)}.example.org",
        verified_at=now, failing_since=now, problem="not_here",
    )  # fmt: skip
    return f"{claim.pk}:{now:%Y%m%d%H%M%S}"


MAKERS: dict[str, Make] = {
    "welcome": _welcome,
    "password_reset": _about_owner,
    "security_notice": _security,
    "email_change": _email_change,
    "invitation": _invitation,
    "request_opened": _request(),
    "request_moved": _request(),
    "request_assigned": _request(assigned=True),
    "request_commented": _request(comment=True),
    "trial_ending": _trial_ending,
    "cancelled": _cancelled,
    "change_lapsed": _change_lapsed,
    "change_planned": _planned(came=False),
    "plan_changed": _planned(came=True),
    "payment_failed": _invoice,
    "action_required": _invoice,
    "payment_overdue": _invoice,
    "suspended": _access,
    "back_again": _access,
    "retention_notice": _departure(Aim.ARCHIVE, ":1"),
    "erasure_asked": _departure(Aim.ERASURE, ""),
    "export_ready": _export,
    "domain_failing": _domain,
}
