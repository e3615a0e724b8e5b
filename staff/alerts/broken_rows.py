"""Rows that a sweep can't do: the others are done all the same, and staff are told of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from public_apps.core import sweeps
from public_apps.monitoring import incidents
from staff.alerts import kinds


@receiver(sweeps.swept)
def tell_faults(name: str, faults: Sequence[str], **_event: Any) -> None:
    """Open an incident about the rows that a sweep could not do; it ends when it can do all."""
    incidents.report_one(kinds.SWEEP_FAILING, name, faults)
