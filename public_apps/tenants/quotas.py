"""What a tenant uses of what its plan allows: counted by whoever keeps it, judged by whoever sells it.

Those two don't know each other: the keeper (an app of the tenant) registers how to count and asks
before it adds; the seller (billing) registers how to judge.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant

APARTMENTS = "apartments"
Count = Callable[[], int]


class Judge(Protocol):
    """Raises a `Problem` when so many more are too many."""

    def __call__(self, *, tenant: Tenant, adding: int) -> None: ...


J = TypeVar("J", bound=Judge)
_counts: dict[str, Count] = {}
_judges: dict[str, Judge] = {}


def measures_usage(what: str) -> Callable[[Count], Count]:
    """Register how many there are in the current schema."""

    def register(count: Count) -> Count:
        _counts[what] = count
        return count

    return register


def enforces(what: str) -> Callable[[J], J]:
    """Register who says whether more may be added."""

    def register(judge: J) -> J:
        _judges[what] = judge
        return judge

    return register


def used(what: str, *, tenant: Tenant) -> int | None:
    """Return how many a tenant has, or None while nobody keeps any."""
    count = _counts.get(what)
    if count is None:
        return None
    with inside(tenant.schema_name):
        return count()


def check(what: str, *, tenant: Tenant, adding: int = 1) -> None:
    """Raise a `Problem` if a tenant's plan does not allow so many more.

    Call it in the transaction that adds them: until its end, others who want to add wait.
    """
    _judges[what](tenant=tenant, adding=adding)
