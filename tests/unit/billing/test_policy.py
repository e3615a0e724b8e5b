"""Who gets in, for every status, at every edge of the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing.access_policy import (
    Access,
    AccessDecision,
    SubscriptionState,
    combined,
    evaluate,
    paid_by_hand,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GRACE = timedelta(days=14)
SECOND = timedelta(seconds=1)


def judged(status: str, **more: object) -> AccessDecision:
    standing = SubscriptionState(status=status, **more)  # type: ignore[arg-type]  # each test gives its own
    return evaluate(standing, now=NOW, grace=GRACE)


@pytest.mark.parametrize(
    ("status", "access"),
    [
        ("trialing", Access.OPEN),
        ("active", Access.OPEN),
        ("past_due", Access.OPEN),
        ("unpaid", Access.SUSPENDED),
        ("paused", Access.SUSPENDED),
        ("canceled", Access.SUSPENDED),
        ("incomplete_expired", Access.SUSPENDED),
        ("incomplete", Access.NOT_YET),
        ("on_the_moon", Access.UNKNOWN),
        ("", Access.UNKNOWN),
        ("Active", Access.UNKNOWN),
    ],
)
def test_each_status_means_what_the_facts_say(status: str, access: Access) -> None:
    assert judged(status).access is access


@pytest.mark.parametrize(
    ("since", "access"),
    [
        (NOW, Access.OPEN),
        (NOW - GRACE + SECOND, Access.OPEN),
        (NOW - GRACE, Access.SUSPENDED),
        (NOW - GRACE - SECOND, Access.SUSPENDED),
        (NOW + SECOND, Access.OPEN),  # Stripe's clock may run a little ahead of ours
    ],
)
def test_the_grace_of_an_overdue_payment_ends_to_the_second(
    since: datetime, access: Access
) -> None:
    assert judged("past_due", past_due_since=since).access is access


def test_during_the_grace_people_are_warned_and_the_end_is_in_the_diary() -> None:
    within = judged("past_due", past_due_since=NOW - timedelta(days=3))
    assert (within.warn, within.review_at) == (True, NOW + timedelta(days=11))
    after = judged("past_due", past_due_since=NOW - timedelta(days=15))
    assert (after.warn, after.review_at) == (False, None)


@pytest.mark.parametrize("status", ["trialing", "active", "past_due", "on_the_moon"])
def test_a_deleted_subscription_opens_nothing_whatever_its_last_status(status: str) -> None:
    assert judged(status, gone=True).access is Access.SUSPENDED


@pytest.mark.parametrize(
    ("paid_until", "access"),
    [
        (NOW + SECOND, Access.OPEN),
        (NOW, Access.SUSPENDED),
        (NOW - SECOND, Access.SUSPENDED),
        (None, Access.SUSPENDED),
    ],
)
def test_a_payment_by_hand_opens_until_its_moment(
    paid_until: datetime | None, access: Access
) -> None:
    by_hand = paid_by_hand(paid_until, now=NOW)
    assert by_hand.access is access
    assert by_hand.review_at == (paid_until if access is Access.OPEN else None)


@pytest.mark.parametrize(
    ("statuses", "access"),
    [
        (["canceled", "active"], Access.OPEN),
        (["active", "canceled"], Access.OPEN),
        (["unpaid", "canceled"], Access.SUSPENDED),
        (["canceled", "incomplete"], Access.NOT_YET),
        (["canceled", "on_the_moon"], Access.UNKNOWN),
        (["incomplete", "on_the_moon"], Access.UNKNOWN),
    ],
)
def test_the_best_of_several_counts(statuses: list[str], access: Access) -> None:
    best = combined([judged(status) for status in statuses])
    assert best is not None
    assert best.access is access


def test_a_paid_subscription_silences_the_warning_of_an_overdue_one() -> None:
    best = combined([judged("past_due", past_due_since=NOW), judged("active")])
    assert best is not None
    assert not best.warn


def test_of_nothing_nothing_is_said() -> None:
    assert combined([]) is None
