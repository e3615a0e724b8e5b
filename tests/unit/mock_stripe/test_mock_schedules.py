"""Subscription schedules at the mock Stripe: what they change when a period ends, and what they bar."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mock_stripe.test_mock_subscribing import types_of
from tests.unit.stripe_inside import Document, Refused, StripeInside

DEAR, CHEAP = 9000, 2000


def planned(bare_stripe: StripeInside) -> tuple[Document, Document]:
    """Return a subscription to a dear price, and its schedule to a cheap one."""
    dear = bare_stripe.price(DEAR)
    made = bare_stripe.subscribe(dear["id"], customer=bare_stripe.customer()["id"])
    cheap = bare_stripe.price(CHEAP, product=dear["product"])["id"]
    schedule = bare_stripe.post("subscription_schedules", from_subscription=made["id"])
    now = {"items": [{"price": dear["id"]}], **schedule["current_phase"]}
    phases = [now, {"items": [{"price": cheap}], "proration_behavior": "none"}]
    path = f"subscription_schedules/{schedule['id']}"
    bare_stripe.events()
    return made, bare_stripe.post(path, phases=phases)


def charged(bare_stripe: StripeInside, made: Document) -> list[int]:
    found = bare_stripe.get("invoices", subscription=made["id"])["data"]
    return [each["total"] for each in found][::-1]


def test_the_next_phase_comes_with_the_renewal_and_the_last_one_lets_go(
    bare_stripe: StripeInside,
) -> None:
    made, schedule = planned(bare_stripe)
    path = f"subscriptions/{made['id']}"
    preview = bare_stripe.post("invoices/create_preview", schedule=schedule["id"])
    assert preview["total"] == CHEAP
    assert bare_stripe.get(path)["items"] == made["items"]
    bare_stripe.set_clock(35)
    after = bare_stripe.get(path)
    [item] = after["items"]["data"]
    assert item["id"] == made["items"]["data"][0]["id"]
    assert (item["price"]["unit_amount"], after["schedule"]) == (CHEAP, schedule["id"])
    assert charged(bare_stripe, made) == [DEAR, CHEAP]
    assert "subscription_schedule.updated" in types_of(bare_stripe.events())
    bare_stripe.set_clock(65)
    assert bare_stripe.get(path)["schedule"] is None
    ended = bare_stripe.get(f"subscription_schedules/{schedule['id']}")
    assert (ended["status"], ended["released_subscription"]) == ("released", made["id"])
    assert charged(bare_stripe, made) == [DEAR, CHEAP, CHEAP]


def test_a_released_subscription_stays_as_it_is(bare_stripe: StripeInside) -> None:
    made, schedule = planned(bare_stripe)
    path = f"subscription_schedules/{schedule['id']}"
    released = bare_stripe.post(f"{path}/release")
    assert (released["status"], released["subscription"]) == ("released", None)
    assert "subscription_schedule.released" in types_of(bare_stripe.events())
    bare_stripe.set_clock(35)
    assert charged(bare_stripe, made) == [DEAR, DEAR]
    for verb in ("", "/release", "/cancel"):
        assert "currently in the `released` status" in refusal(bare_stripe, f"{path}{verb}")


def test_beside_a_schedule_cancellations_and_another_schedule_are_refused(
    bare_stripe: StripeInside,
) -> None:
    made, schedule = planned(bare_stripe)
    for change in ({"cancel_at_period_end": True}, {"cancel_at": bare_stripe.now + 99}):
        said = refusal(bare_stripe, f"subscriptions/{made['id']}", **change)
        assert f"managed by the subscription schedule `{schedule['id']}`" in said
    said = refusal(bare_stripe, "subscription_schedules", from_subscription=made["id"])
    assert "already attached to a schedule" in said
    bare_stripe.delete(f"subscriptions/{made['id']}")
    assert "subscription_schedule.canceled" in types_of(bare_stripe.events())
    said = refusal(bare_stripe, "subscription_schedules", from_subscription=made["id"])
    assert "currently in the `canceled` status" in said


@pytest.mark.parametrize(
    ("phases", "param"),
    [
        ([], "phases"),
        ([{"items": [], "start_date": 1}], "phases[0][items]"),
        ([{"items": [{"price": "price_none"}]}], "phases[0][items][0][price]"),
    ],
)
def test_phases_that_will_not_do_are_refused_by_name(
    bare_stripe: StripeInside, phases: list[Document], param: str
) -> None:
    _made, schedule = planned(bare_stripe)
    given = {"phases": phases} if phases else {"phases": ""}
    with pytest.raises(Refused) as refused:
        bare_stripe.post(f"subscription_schedules/{schedule['id']}", **given)
    assert refused.value.error["param"] == param


def test_nothing_else_is_said_when_one_is_made_from_a_subscription(
    bare_stripe: StripeInside,
) -> None:
    price = bare_stripe.price(DEAR)["id"]
    made = bare_stripe.subscribe(price, customer=bare_stripe.customer()["id"])
    said = refusal(
        bare_stripe, "subscription_schedules", from_subscription=made["id"], end_behavior="release"
    )
    assert said == "You cannot set `end_behavior` if `from_subscription` is set."


def refusal(bare_stripe: StripeInside, path: str, **params: Any) -> str:
    with pytest.raises(Refused) as refused:
        bare_stripe.post(path, **params)
    return str(refused.value.error["message"])
