"""What goes wrong as tenants leave: what they left behind, and what holds one up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from public_apps.monitoring import incidents
from public_apps.tenants.models import Departure
from public_apps.tenants.offboarding import orphans
from public_apps.tenants.offboarding.orphans import Orphans
from staff.alerts import kinds

# A step is tried twelve times by then: longer than a hiccup of Stripe's or of a store.
HELD_UP_FOR = timedelta(hours=1)
MOST_LINES = 50


@receiver(orphans.looked_for)
def tell_orphans(found: Orphans, **_event: Any) -> None:
    """Open an incident about what belongs to nobody, and end it when there is nothing left."""
    incidents.report(kinds.ORPHANS, {"": found.lines} if found.lines else {})


def departure_hindered(now: datetime) -> Mapping[str, list[str]]:
    """A departure's next step could have been done an hour ago, and something is in the way."""
    long_ago = now - HELD_UP_FOR
    due = Q(begins_at__lte=long_ago) | Q(aim="erasure", unpaid_at=None, asked_at__lte=long_ago)
    held_up = Departure.objects.filter(due, undone_at=None, freed_at=None).exclude(error="")
    lines = [
        f"{each.tenant.schema_name} ({each.aim}, asked {each.asked_at:%Y-%m-%d}): {each.error}"
        for each in held_up.select_related("tenant").order_by("begins_at")[:MOST_LINES]
    ]
    return {"": lines} if lines else {}
