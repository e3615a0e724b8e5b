"""Holding a name: one sign-up at a time, by the database's word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from public_apps.core import clock
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains
from public_apps.tenants.models import Tenant

LONGEST = 40


@dataclass(frozen=True, kw_only=True)
class Availability:
    """Whether a name can be had; the reason is for people."""

    label: str
    available: bool
    reason: str


def availability(label: str, *, but: UUID | None = None) -> Availability:
    """Tell whether a sign-up could hold this name now; what the sign-up `but` holds is its own."""
    label = label.lower()
    try:
        domains.check_label(label)
    except domains.NotALabel as refusal:
        return Availability(label=label, available=False, reason=str(refusal))
    if domains.is_taken(label) or _held_by_other(label, but):
        return Availability(label=label, available=False, reason=str(_("This name is taken.")))
    return Availability(label=label, available=True, reason="")


def suggested(*wishes: str) -> str:
    """Return a name that is free, near the first of the wishes that can be one; else nothing."""
    for wish in wishes:
        label = wish[:LONGEST].strip("-")
        try:
            domains.check_label(label)
        except domains.NotALabel:
            continue
        return next(near for near in _near(label) if not is_held(near))
    return ""


def _held_by_other(label: str, signup_id: UUID | None) -> bool:
    held = held_by(label)
    return (held.exclude(pk=signup_id) if signup_id else held).exists()


def is_held(label: str) -> bool:
    """Whether a tenant answers at this name or a sign-up holds it."""
    return domains.is_held(label) or domains.is_taken(label)


def held_by(label: str) -> QuerySet[Signup]:
    """Return the sign-up that holds this name, if there is one."""
    return Signup.objects.filter(subdomain=label, released_at__isnull=True)


@domains.holds
def signup_holds(label: str, by_other_than: Tenant | None) -> bool:
    """Whether a sign-up holds this name, other than the one that led to a given tenant."""
    held = held_by(label)
    if by_other_than is not None:
        held = held.exclude(tenant=by_other_than)
    return held.exists()


@receiver(domains.given_back)
def release_given_back(*, hosts: list[str], **_event: Any) -> None:
    """Give names back with the hosts that nobody answers at any more."""
    labels = [label for label in map(domains.label_of, hosts) if label]
    finished = Signup.objects.filter(subdomain__in=labels, address_at__isnull=False)
    finished.filter(released_at__isnull=True).update(released_at=clock.now())


def release(*, signup: Signup) -> None:
    """Give a name back, unless the sign-up has been paid, or got another session, meanwhile."""
    Signup.objects.filter(
        pk=signup.pk,
        checkout_session_id=signup.checkout_session_id,
        paid_at__isnull=True,
        released_at__isnull=True,
    ).update(released_at=clock.now())
    signup.refresh_from_db()


def hold_again(*, signup: Signup) -> None:
    """Hold a name for a paid sign-up that had lost its own: the same if still free, else a near one.

    Call it with the sign-up's row locked.
    """
    for label in _near(signup.requested_subdomain):
        if is_held(label):
            continue
        signup.subdomain = label
        signup.released_at = None
        try:
            with transaction.atomic():
                signup.save(update_fields=["subdomain", "released_at"])
        except IntegrityError:
            continue
        return


def _near(label: str) -> Iterator[str]:
    yield label
    for number in count(2):
        suffix = f"-{number}"
        yield label[: LONGEST - len(suffix)].rstrip("-") + suffix
