"""Events that no delivery brought to us: while we were down, or while manual mode sent them away."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from billing import gateway, inbox, webhook
from billing.handlers import HANDLERS
from billing.models import StripeEvent
from public_apps.core import clock, sweeps

log = structlog.get_logger(__name__)
# Stripe keeps events for 30 days: https://docs.stripe.com/webhooks/process-undelivered-events
KEPT = timedelta(days=30)
# A younger one may be on its way just now.
UNDER_WAY = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What a look at Stripe brought: ids of events that are now in the inbox, and how many were.

    `broken` has a line for each that could not be taken in; `missed` says how many of the new ones
    Stripe had been trying to deliver for longer than a delivery takes.
    """

    new: list[str]
    missed: int
    known: int
    broken: list[str]


def fetch(*, now: datetime | None = None) -> Fetched:
    """Store every event that Stripe could not deliver; ones that we have are left alone.

    Raises `gateway.StripeUnavailable` or `gateway.StripeRefused` when Stripe can't be read; what
    came before is kept, and asking again brings the rest.
    """
    now = now or clock.now()
    found = gateway.undelivered_events(since=int((now - KEPT).timestamp()))
    return _taken(found, now=now)


def fetch_all(*, since: datetime) -> Fetched:
    """Store every event since then of a type that we handle, also those that we were told of.

    A database that came back from a dump has forgotten them. Raises as `fetch`.
    """
    found = gateway.events(since=int(since.timestamp()))
    return _taken((event for event in found if event["type"] in HANDLERS), now=clock.now())


def _taken(found: Iterable[dict[str, Any]], *, now: datetime) -> Fetched:
    missed = 0
    new: list[str] = []
    known: list[str] = []

    def take(event: dict[str, Any]) -> None:
        nonlocal missed
        if StripeEvent.objects.filter(pk=event["id"]).exists():
            known.append(event["id"])
            return
        inbox.receive(_as_delivered(event))
        new.append(event["id"])
        missed += event["created"] < (now - UNDER_WAY).timestamp()

    broken = sweeps.sweep("fetch_missed_events", found, take, named=lambda event: str(event["id"]))
    if new:
        log.warning("missed events fetched", count=len(new))
    return Fetched(new=new, missed=missed, known=len(known), broken=broken)


def _as_delivered(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event through the checks of a delivery, which take out what we can't store.

    The library has made Decimals of what Stripe writes as strings; they become strings again.
    """
    return webhook.parse(json.dumps(event, default=str).encode())
