"""Limits of plans: asked before something is added, and before somebody moves to a smaller plan."""

from __future__ import annotations

from typing import Any

from django.utils.translation import ngettext

from billing.models import Plan
from billing.owners.account import Account
from public_apps.core import locks
from public_apps.core.errors import Problem
from public_apps.core.schema_context import in_public
from public_apps.tenants import quotas
from public_apps.tenants.models import Tenant
from public_apps.tenants.quotas import APARTMENTS

UPGRADE_PATH = "/billing/"


class LimitReached(Problem):
    """The plan does not allow that many; the body names the limit, the use and the way up."""

    slug = "plan-limit-reached"

    def __init__(self, detail: str, *, limit: int, used: int) -> None:
        super().__init__(detail)
        self.numbers = {"limit": limit, "used": used}

    def body(self) -> dict[str, Any]:
        """Return the problem document with its numbers."""
        return {**super().body(), "limit_of": APARTMENTS, **self.numbers, "upgrade": UPGRADE_PATH}


class PlanTooSmall(LimitReached):
    """A change to a plan that allows less than is in use."""

    slug = "plan-too-small"


@quotas.enforces(APARTMENTS)
def check_apartments(*, tenant: Tenant, adding: int) -> None:
    """Raise `LimitReached` if the tenant's plan does not allow so many more apartments.

    Call it in the transaction that adds them: until its end, others who want to add wait.
    """
    with in_public():
        plan = Account(tenant=tenant).plan()
    if plan is None or plan.most_apartments is None:
        return
    _wait_in_line(tenant)
    used = quotas.used(APARTMENTS, tenant=tenant) or 0
    limit = plan.most_apartments
    if used + adding > limit:
        text = ngettext(
            "Your plan allows %(limit)d apartment, and you have %(used)d.",
            "Your plan allows %(limit)d apartments, and you have %(used)d.",
            limit,
        )
        raise LimitReached(text % {"limit": limit, "used": used}, limit=limit, used=used)


def check_change(*, tenant: Tenant, plan: Plan) -> None:
    """Raise `PlanTooSmall` if a plan allows fewer apartments than the tenant has."""
    used = quotas.used(APARTMENTS, tenant=tenant) or 0
    limit = plan.most_apartments
    if limit is not None and used > limit:
        text = ngettext(
            "This plan allows %(limit)d apartment, and you have %(used)d.",
            "This plan allows %(limit)d apartments, and you have %(used)d.",
            limit,
        )
        raise PlanTooSmall(text % {"limit": limit, "used": used}, limit=limit, used=used)


def used_by(tenant: Tenant) -> int | None:
    """Return how many apartments a tenant has; None if nobody counts them yet."""
    return quotas.used(APARTMENTS, tenant=tenant)


def usage_of(account: Account) -> dict[str, Any]:
    """Return each limit with its use; null for no limit, and for a use that nobody counts yet."""
    plan = account.plan()
    return {
        APARTMENTS: {
            "limit": plan.most_apartments if plan else None,
            "used": quotas.used(APARTMENTS, tenant=account.tenant),
        }
    }


def _wait_in_line(tenant: Tenant) -> None:
    """Two who add at once would each find room for one: the second waits for the first."""
    locks.hold(f"{tenant.schema_name} {APARTMENTS}")
