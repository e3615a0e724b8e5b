"""What a handler says of an event that it has handled."""

from __future__ import annotations

from dataclasses import dataclass

from public_apps.tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Done:
    """The event had its effect, for this tenant if one is known."""

    tenant: Tenant | None = None


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """There was nothing to do, and why."""

    reason: str


Outcome = Done | Ignored
