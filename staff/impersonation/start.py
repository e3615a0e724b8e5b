"""Working in somebody's name: asked for with a reason, handed over once, ended by the clock or a word.

Called in public, except where it says otherwise. Both logs hear of it: ours and the tenant's.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core import clock, errors
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from staff.models import Impersonation

HAND_OVER = timedelta(seconds=60)
LONGEST = timedelta(minutes=30)


def request_impersonation(
    *, tenant: Tenant, person_email: str, reason: str, by: User
) -> tuple[Impersonation, str]:
    """Allow `by` to work as this person for half an hour; return that and the hand-over token.

    The token is for the tenant's host, once, within a minute; we keep its hash alone. Raises
    `errors.Invalid` for somebody who isn't there, and `errors.Conflict` for a closed workspace.
    """
    if tenant.archived_at or not tenant.opened_at:
        raise errors.Conflict(_("Nobody works in this workspace: it is not open."))
    person = _person(tenant, person_email)
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with transaction.atomic():
        asked = Impersonation.objects.create(
            tenant=tenant,
            staff=by,
            person_id=person.pk,
            person_email=person.email,
            reason=reason,
            token_hash=_hash(token),
            created_at=now,
            token_expires_at=now + HAND_OVER,
            ends_at=now + LONGEST,
        )
        _tell_ours(asked, "impersonation.asked")
    return asked, token


def redeem(*, token: str, tenant: Tenant) -> Impersonation | None:
    """Spend a token at its tenant, before its minute is over; None if it opens nothing (any more)."""
    now = clock.now()
    with transaction.atomic():
        spent = _ours().filter(
            token_hash=_hash(token),
            tenant=tenant,
            redeemed_at__isnull=True,
            token_expires_at__gt=now,
        )
        # One statement: of two uses at once, one finds the row as it must be.
        if not spent.update(redeemed_at=now):
            return None
        begun = Impersonation.objects.select_related("staff", "tenant").get(token_hash=_hash(token))
        _tell_both(begun, "impersonation.begun")
    return begun


def standing(impersonation_id: UUID | str, *, tenant: Tenant) -> Impersonation | None:
    """Return an impersonation that still holds at this moment, or None."""
    now = clock.now()
    held = _ours().filter(pk=impersonation_id, tenant=tenant, redeemed_at__isnull=False)
    return held.filter(ends_at__gt=now).select_related("staff", "tenant").first()


@transaction.atomic
def end(*, impersonation: Impersonation, by: str) -> None:
    """End it before its time; every request from then on is refused. Safe to call again."""
    ended = _ours().filter(pk=impersonation.pk).update(ended_at=clock.now())
    if not ended:
        return
    action = "impersonation.ended" if impersonation.redeemed_at else "impersonation.withdrawn"
    if impersonation.redeemed_at:
        _tell_both(impersonation, action, by=by)
    else:
        _tell_ours(impersonation, action, by=by)


def _ours() -> models.QuerySet[Impersonation]:
    # A colleague who was let go works in nobody's name from that moment.
    return Impersonation.objects.filter(
        ended_at__isnull=True,
        staff__in=User.objects.filter(is_active=True, is_staff=True),
    )


def _person(tenant: Tenant, email: str) -> User:
    with inside(tenant.schema_name):
        person = User.objects.filter(email__iexact=email, is_active=True).first()
    if person is None:
        message = _("Nobody of this workspace has this address, or not any more.")
        raise errors.Invalid(message, errors={"person_email": [message]})
    return person


def _tell_both(impersonation: Impersonation, action: str, *, by: str = "") -> None:
    _tell_ours(impersonation, action, by=by)
    with inside(impersonation.tenant.schema_name), audit.impersonated_by(""):
        audit.record(
            actor=by or impersonation.staff.email,
            action=action,
            target=impersonation.person_email,
            detail=_detail(impersonation),
        )


def _tell_ours(impersonation: Impersonation, action: str, *, by: str = "") -> None:
    actor = by or impersonation.staff
    detail = {**_detail(impersonation), "person": impersonation.person_email}
    with audit.impersonated_by(""):  # they begin and end it in their own name
        audit.record(actor=actor, action=action, target=impersonation.tenant, detail=detail)


def _detail(impersonation: Impersonation) -> dict[str, object]:
    return {
        "id": impersonation.pk,
        "reason": impersonation.reason,
        "ends_at": impersonation.ends_at,
    }


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
