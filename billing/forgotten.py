"""Whether Stripe has told us of what we don't know: then this database came back from a dump."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from billing import event_backfill, gateway, order_slips, stripe_sync
from billing.archiving import MAY_CHARGE
from billing.models import Customer, StripeEvent
from public_apps.core import clock
from public_apps.onboarding.models import Signup

# Every endpoint of ours has ever asked for these.
TOLD_OF = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)
NEWEST = 100  # of each: one call
BEFORE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What Stripe has delivered and we don't have, among its newest; and since when, at the latest."""

    events: int
    purchases: int
    since: datetime | None


def look() -> Forgotten:
    """Ask Stripe for its newest events and subscriptions, and whether we know them: two calls.

    Raises `gateway.StripeUnavailable` or `gateway.StripeRefused` when Stripe can't be read.
    """
    events, purchases = _events(), _purchases()
    created = [stripe_sync.moment(each["created"]) for each in (*events, *purchases)]
    first = min((each for each in created if each is not None), default=None)
    return Forgotten(
        events=len(events), purchases=len(purchases), since=_known_before(first) if first else None
    )


def _events() -> list[dict[str, Any]]:
    """Return those since our oldest one: an account may have had a life before us."""
    oldest = StripeEvent.objects.order_by("received_at").first()
    if oldest is None:
        return []
    since = max(oldest.received_at, clock.now() - event_backfill.KEPT)
    told = gateway.events(since=int(since.timestamp()) + 1, types=TOLD_OF, delivered=True)
    newest = {each["id"]: each for each in islice(told, NEWEST)}
    known = set(StripeEvent.objects.filter(pk__in=newest).values_list("pk", flat=True))
    return [each for event_id, each in newest.items() if event_id not in known]


def _purchases() -> list[dict[str, Any]]:
    """Return subscriptions that run, were bought here, and lead to no sign-up and no workspace."""
    return [
        each for each in islice(gateway.subscriptions(), NEWEST)
        if each["status"] in MAY_CHARGE and _is_unknown(each)
    ]  # fmt: skip


def _is_unknown(subscription: dict[str, Any]) -> bool:
    slip = order_slips.read(subscription)
    if slip is None or not slip.base_domain or not slip.is_ours:
        return False
    customer_id = stripe_sync.id_of(subscription.get("customer"))
    linked = Customer.objects.filter(pk=customer_id).exists()
    return not linked and not Signup.objects.filter(pk=slip.signup_id).exists()


def _known_before(first: datetime) -> datetime:
    """Return a moment at which we still knew everything: our last event before what is forgotten."""
    last = StripeEvent.objects.filter(received_at__lt=first).order_by("-received_at").first()
    return (last.received_at if last else first) - BEFORE
