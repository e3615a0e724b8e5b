"""What a plan allows: asked where something is added, and before somebody moves to less."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.models import Plan
from billing.owners import actions, overview, quota_enforcement
from billing.owners.account import Account
from billing.owners.actions import PlanChange
from public_apps.accounts.models import Role, User
from public_apps.core.errors import Problem, problem_response
from public_apps.core.schema_context import inside
from public_apps.tenants import quotas
from public_apps.tenants.models import Tenant
from tests.billing.stripe_stack import StripeStack


@pytest.fixture
def kept(stripe_stack: StripeStack) -> Iterator[None]:
    """Residents stand for apartments: rows of a tenant's own schema, counted there."""
    before = dict(quotas._counts)

    @quotas.measures_usage(quotas.APARTMENTS)
    def count() -> int:
        return User.objects.filter(role=Role.RESIDENT).count()

    yield
    quotas._counts.clear()
    quotas._counts.update(before)


@pytest.fixture
def small(stripe_stack: StripeStack) -> Iterator[Plan]:
    """The plan "starter" with room for three."""
    plan = Plan.objects.get(code="starter")
    roomy = plan.most_apartments
    Plan.objects.filter(pk=plan.pk).update(most_apartments=3)
    yield plan
    Plan.objects.filter(pk=plan.pk).update(most_apartments=roomy)


def add(tenant: Tenant, number: int = 1) -> None:
    """Add, as an app of the tenant would: ask and write in one transaction, in its schema."""
    with inside(tenant.schema_name), transaction.atomic():
        quotas.check(quotas.APARTMENTS, tenant=tenant, adding=number)
        for _ in range(number):
            email = f"{secrets.token_hex(6)}@sunny.example"
            User.objects.create_user(email, role=Role.RESIDENT)


def used(tenant: Tenant) -> int | None:
    """Return how many there are."""
    return quotas.used(quotas.APARTMENTS, tenant=tenant)


def test_there_is_room_up_to_the_limit_and_not_beyond(
    stripe_stack: StripeStack, kept: None, small: Plan
) -> None:
    tenant = stripe_stack.buy(plan="starter").tenant
    add(tenant, 2)
    add(tenant)
    with pytest.raises(quota_enforcement.LimitReached) as refusal:
        add(tenant)
    assert used(tenant) == 3
    answer = problem_response(refusal.value, {})
    assert answer is not None
    assert answer.status_code == HTTPStatus.CONFLICT
    assert answer.data["type"].endswith("plan-limit-reached")
    assert {name: answer.data[name] for name in ("limit", "used", "upgrade")} == {
        "limit": 3,
        "used": 3,
        "upgrade": "/billing/",
    }
    assert "3" in answer.data["detail"]


def test_many_who_add_at_once_share_the_room(
    stripe_stack: StripeStack, kept: None, small: Plan
) -> None:
    tenant = stripe_stack.buy(plan="starter").tenant
    together = threading.Barrier(8)

    def try_to_add(_number: int) -> bool:
        try:
            together.wait(timeout=20)
            add(tenant)
        except Problem:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        added = list(pool.map(try_to_add, range(8)))
    assert (sum(added), used(tenant)) == (3, 3)


def test_each_tenant_has_room_of_its_own(
    stripe_stack: StripeStack, kept: None, small: Plan
) -> None:
    first, second = stripe_stack.buy(plan="starter").tenant, stripe_stack.buy(plan="starter").tenant
    add(first, 3)
    add(second, 3)
    assert (used(first), used(second)) == (3, 3)


def test_the_largest_plan_has_no_limit(stripe_stack: StripeStack, kept: None, small: Plan) -> None:
    tenant = stripe_stack.buy(plan="enterprise").tenant
    add(tenant, 10)
    assert used(tenant) == 10


def test_a_larger_plan_makes_room_at_once(
    stripe_stack: StripeStack, kept: None, small: Plan
) -> None:
    eleni = stripe_stack.buy(plan="starter")
    add(eleni.tenant, 3)
    move(eleni.tenant, "professional")
    add(eleni.tenant)
    assert used(eleni.tenant) == 4


def test_a_plan_that_is_too_small_is_refused_with_the_reason(
    stripe_stack: StripeStack, kept: None, small: Plan
) -> None:
    eleni = stripe_stack.buy(plan="professional")
    add(eleni.tenant, 4)
    for attempt in (move, look):
        with pytest.raises(quota_enforcement.PlanTooSmall) as refusal:
            attempt(eleni.tenant, "starter")
        assert "3" in refusal.value.detail
        assert refusal.value.numbers == {"limit": 3, "used": 4}
    assert eleni.at_stripe["items"]["data"][0]["price"]["id"] == eleni.mirrored.price_id
    assert eleni.mirrored.plan is not None
    assert eleni.mirrored.plan.code == "professional"


def test_the_owner_sees_limit_and_use(stripe_stack: StripeStack, kept: None, small: Plan) -> None:
    tenant = stripe_stack.buy(plan="starter").tenant
    add(tenant, 2)
    shown = overview.of(Account(tenant=tenant))
    assert shown["limits"] == {"apartments": {"limit": 3, "used": 2}}


def move(tenant: Tenant, plan: str) -> None:
    """Change the plan, as the owner's API does."""
    from public_apps.core.models import IdempotentRequest

    actions.change_plan(
        account=Account(tenant=tenant),
        wish=PlanChange(plan=plan, interval="month"),
        request=IdempotentRequest(created_at=timezone.now()),
    )


def look(tenant: Tenant, plan: str) -> None:
    """Ask what another plan would cost."""
    actions.preview_change(
        account=Account(tenant=tenant), wish=PlanChange(plan=plan, interval="month")
    )
