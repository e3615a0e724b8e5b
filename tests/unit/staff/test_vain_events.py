"""An event that fails again and again is told long before it is given up."""

from __future__ import annotations

import pytest

from billing.models import StripeEvent
from public_apps.core import clock
from staff.alerts import checks


@pytest.mark.parametrize(
    ("attempts", "status", "told"),
    [
        (checks.VAIN_EVENT_ATTEMPTS - 1, "received", False),
        (checks.VAIN_EVENT_ATTEMPTS, "received", True),
        (checks.VAIN_EVENT_ATTEMPTS, "processed", False),
    ],
)
def test_only_what_is_tried_for_hours_and_still_waits_is_told(
    db: None, attempts: int, status: str, told: bool
) -> None:
    now = clock.now()
    StripeEvent.objects.create(
        id="evt_vain",
        type="invoice.paid",
        livemode=False,
        object_id="in_1",
        payload={},
        attempts=attempts,
        status=status,
        error="KeyError: nothing of the kind",
        next_attempt_at=now,
        processed_at=None if status == "received" else now,
    )
    found = checks.event_vain(now)
    assert found is not None
    assert bool(found) is told
    if told:
        assert "evt_vain" in found[""][0]
        assert "KeyError" in found[""][0]
