"""Stripe's test clocks: customers who live at a time of their own, which is moved as Stripe moves it."""

from __future__ import annotations

from typing import Any

import pytest

from mock_stripe import clocks
from tests.unit.stripe_inside import DAY, Document, Refused, StripeInside

PATH = "test_helpers/test_clocks"
# The first of January 2025, at noon: months of it end on their own last day.
JANUARY = 1_735_732_800
FEBRUARY, MARCH, APRIL = JANUARY + 31 * DAY, JANUARY + 59 * DAY, JANUARY + 90 * DAY


def made(stripe: StripeInside, **more: Any) -> Document:
    """Make a clock at the first of January."""
    return stripe.post(PATH, **({"frozen_time": JANUARY} | more))


def subscribed(stripe: StripeInside, clock: Document, **more: Any) -> Document:
    """Let somebody who lives by a clock subscribe to a month."""
    card = more.pop("card", "pm_card_visa")
    customer = stripe.customer(card=card, test_clock=clock["id"])
    return stripe.subscribe(stripe.price(4900)["id"], customer=customer["id"], **more)


def error_of(stripe: StripeInside, method: str, path: str, **params: Any) -> Refused:
    """Ask for what is refused."""
    with pytest.raises(Refused) as refusal:
        getattr(stripe, method)(path, **params)
    return refusal.value


def told(stripe: StripeInside) -> list[str]:
    """Return the types of what has happened since, but for payments."""
    dull = ("payment_intent.", "charge.", "invoice_payment.", "customer.created", "payment_method.")
    return [event["type"] for event in stripe.events() if not event["type"].startswith(dull)]


def test_what_belongs_to_a_clock_lives_at_its_time_and_payments_and_events_do_not(
    bare_stripe: StripeInside,
) -> None:
    clock = made(bare_stripe, name="A winter")
    assert (clock["status"], clock["frozen_time"], clock["name"]) == ("ready", JANUARY, "A winter")
    bought = subscribed(bare_stripe, clock)
    customer = bare_stripe.get(f"customers/{bought['customer']}")
    invoice = bare_stripe.get(f"invoices/{bought['latest_invoice']}")
    for found in (customer, bought, invoice):
        assert (found["test_clock"], found["created"]) == (clock["id"], JANUARY)
    assert invoice["status_transitions"]["paid_at"] == JANUARY
    [item] = bought["items"]["data"]
    assert (item["current_period_start"], item["current_period_end"]) == (JANUARY, FEBRUARY)
    [intent] = bare_stripe.get("payment_intents", customer=customer["id"])["data"]
    lately = bare_stripe.now - 60
    assert intent["created"] > lately
    assert all(event["created"] > lately for event in bare_stripe.events())


def test_advancing_does_in_order_what_falls_due_and_then_is_ready(
    bare_stripe: StripeInside,
) -> None:
    clock = made(bare_stripe)
    bought = subscribed(bare_stripe, clock, trial_period_days=7)
    bare_stripe.events()
    said = bare_stripe.post(f"{PATH}/{clock['id']}/advance", frozen_time=FEBRUARY + 9 * DAY)
    assert (said["status"], said["frozen_time"]) == ("advancing", JANUARY)
    assert said["status_details"] == {"advancing": {"target_frozen_time": FEBRUARY + 9 * DAY}}
    assert told(bare_stripe) == [f"{clocks.KIND}.advancing"]
    bare_stripe.lifecycle.catch_up()
    there = bare_stripe.get(f"{PATH}/{clock['id']}")
    assert (there["status"], there["frozen_time"]) == ("ready", FEBRUARY + 9 * DAY)
    billed = ["invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded",
              "customer.subscription.updated"]  # fmt: skip
    assert told(bare_stripe) == [
        "customer.subscription.trial_will_end", *billed, *billed, f"{clocks.KIND}.ready",
    ]  # fmt: skip
    invoices = bare_stripe.get("invoices", customer=bought["customer"])["data"]
    ends = JANUARY + 7 * DAY
    assert [each["created"] for each in invoices] == [ends + 31 * DAY, ends, JANUARY]


def test_what_falls_due_at_several_customers_happens_in_the_order_of_its_times(
    bare_stripe: StripeInside,
) -> None:
    clock = made(bare_stripe)
    monthly = subscribed(bare_stripe, clock)
    tried = subscribed(bare_stripe, clock, trial_period_days=40)
    bare_stripe.events()
    bare_stripe.advance(clock["id"], MARCH)
    renewed = [
        event["data"]["object"]["customer"]
        for event in bare_stripe.events()
        if event["type"] == "invoice.created"
    ]
    assert renewed == [monthly["customer"], tried["customer"], monthly["customer"]]


def test_a_sent_invoice_falls_due_and_a_cancellation_takes_effect_on_the_way(
    bare_stripe: StripeInside,
) -> None:
    clock = made(bare_stripe)
    bought = subscribed(
        bare_stripe, clock, card="", collection_method="send_invoice", days_until_due=30
    )
    bare_stripe.post(f"subscriptions/{bought['id']}", cancel_at_period_end=True)
    bare_stripe.events()
    bare_stripe.advance(clock["id"], MARCH)
    ended = bare_stripe.get(f"subscriptions/{bought['id']}")
    assert (ended["status"], ended["ended_at"]) == ("canceled", FEBRUARY)
    assert told(bare_stripe)[1:] == [
        "invoice.overdue", "customer.subscription.updated", "customer.subscription.deleted",
        f"{clocks.KIND}.ready",
    ]  # fmt: skip


def test_a_year_is_billed_month_by_month_and_who_lives_in_real_time_is_left_alone(
    bare_stripe: StripeInside,
) -> None:
    clock = made(bare_stripe)
    bought = subscribed(bare_stripe, clock)
    other = bare_stripe.subscribe(
        bare_stripe.price(900)["id"], customer=bare_stripe.customer("petros@unit.example")["id"]
    )
    for step in range(1, 7):
        bare_stripe.advance(clock["id"], JANUARY + step * 59 * DAY)
    billed = bare_stripe.get("invoices", customer=bought["customer"], limit=100)["data"]
    assert len(billed) == 12
    assert len({each["period_start"] for each in billed}) == 12
    assert bare_stripe.get(f"subscriptions/{other['id']}") == other


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (JANUARY, "must be after the test clock's current"),
        (JANUARY - DAY, "must be after the test clock's current"),
        (MARCH + 1, "cannot be more than two intervals"),
    ],
)
def test_a_clock_goes_forward_only_and_two_of_its_shortest_intervals_at_most(
    bare_stripe: StripeInside, to: int, words: str
) -> None:
    clock = made(bare_stripe)
    bought = subscribed(bare_stripe, clock)
    bare_stripe.subscribe(bare_stripe.price(9, "year")["id"], customer=bought["customer"])
    refused = error_of(bare_stripe, "post", f"{PATH}/{clock['id']}/advance", frozen_time=to)
    assert (refused.status, refused.error["param"]) == (400, "frozen_time")
    assert words in refused.error["message"]
    assert bare_stripe.advance(clock["id"], MARCH)["frozen_time"] == MARCH


def test_without_a_subscription_a_clock_goes_two_years_at_most(bare_stripe: StripeInside) -> None:
    clock = made(bare_stripe)
    path = f"{PATH}/{clock['id']}/advance"
    two_years = JANUARY + 2 * 365 * DAY
    assert error_of(bare_stripe, "post", path, frozen_time=two_years + 1).status == 400
    assert bare_stripe.advance(clock["id"], two_years)["status"] == "ready"


def test_nothing_is_changed_while_a_clock_is_on_its_way(bare_stripe: StripeInside) -> None:
    """Stripe's words and status: a webhook's handler meets them, as its events come meanwhile."""
    clock = made(bare_stripe)
    bought = subscribed(bare_stripe, clock)
    price = bare_stripe.price(100)["id"]
    [item] = bought["items"]["data"]
    bare_stripe.post(f"{PATH}/{clock['id']}/advance", frozen_time=FEBRUARY)
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("post", f"subscriptions/{bought['id']}", {"cancel_at_period_end": True}),
        ("delete", f"subscriptions/{bought['id']}", {}),
        ("post", f"subscription_items/{item['id']}", {"quantity": 2}),
        ("post", f"customers/{bought['customer']}", {"name": "Eleni"}),
        ("post", "customers", {"test_clock": clock["id"]}),
        ("post", "subscriptions", {"customer": bought["customer"], "items": [{"price": price}]}),
        ("post", f"invoices/{bought['latest_invoice']}/void", {}),
        ("post", "credit_notes", {"invoice": bought["latest_invoice"], "amount": 100}),
        ("post", f"{PATH}/{clock['id']}/advance", {"frozen_time": MARCH}),
        ("delete", f"{PATH}/{clock['id']}", {}),
    ]
    for method, path, params in changes:
        refused = error_of(bare_stripe, method, path, **params)
        assert refused.status == 429, path
        assert refused.error["message"] == (
            f"Test clock advancement underway - cannot perform modifications: {clock['id']}"
        )
    assert bare_stripe.get(f"subscriptions/{bought['id']}")["status"] == "active"
    bare_stripe.lifecycle.catch_up()
    bare_stripe.post(f"subscriptions/{bought['id']}", cancel_at_period_end=True)


def test_three_customers_to_a_clock_and_three_subscriptions_to_each(
    bare_stripe: StripeInside,
) -> None:
    clock = made(bare_stripe)
    price = bare_stripe.price(100)["id"]
    first, *_others = [bare_stripe.customer(test_clock=clock["id"]) for _each in range(3)]
    refused = error_of(bare_stripe, "post", "customers", test_clock=clock["id"])
    assert (refused.status, refused.error["param"]) == (400, "test_clock")
    for _each in range(3):
        bare_stripe.subscribe(price, customer=first["id"])
    wanted = {"customer": first["id"], "items": [{"price": price}]}
    assert error_of(bare_stripe, "post", "subscriptions", **wanted).status == 400
    unknown = error_of(bare_stripe, "post", "customers", test_clock="clock_unknown")
    assert unknown.error["param"] == "test_clock"


def test_lists_of_everybody_leave_out_who_lives_by_a_clock(bare_stripe: StripeInside) -> None:
    """https://docs.stripe.com/api/customers/list#list_customers-test_clock"""
    clock = made(bare_stripe)
    bought = subscribed(bare_stripe, clock)
    assert bare_stripe.get("customers")["data"] == []
    assert bare_stripe.get("customers", email="eleni@unit.example")["data"] == []
    assert bare_stripe.get("subscriptions", status="all")["data"] == []
    for kind, wanted in (("customers", bought["customer"]), ("subscriptions", bought["id"])):
        [found] = bare_stripe.get(kind, test_clock=clock["id"])["data"]
        assert found["id"] == wanted
    [theirs] = bare_stripe.get("subscriptions", customer=bought["customer"])["data"]
    assert theirs["id"] == bought["id"]


def test_somebody_who_is_there_already_may_be_given_a_clock_that_is_not_in_the_past(
    bare_stripe: StripeInside,
) -> None:
    customer = bare_stripe.customer()["id"]
    bought = bare_stripe.subscribe(bare_stripe.price(4900, "week")["id"], customer=customer)
    early = error_of(bare_stripe, "post", PATH, frozen_time=JANUARY, customer=customer)
    assert early.error["param"] == "frozen_time"
    assert bare_stripe.get(PATH)["data"] == []
    clock = made(bare_stripe, frozen_time=bare_stripe.now + 60, customer=customer)
    bare_stripe.set_clock(20)  # real time passes, and is nothing to it
    found = bare_stripe.get(f"subscriptions/{bought['id']}")
    assert (found["test_clock"], found["latest_invoice"]) == (clock["id"], bought["latest_invoice"])
    bare_stripe.advance(clock["id"], clock["frozen_time"] + 10 * DAY)
    assert len(bare_stripe.get("invoices", customer=customer)["data"]) == 2
    again = error_of(bare_stripe, "post", PATH, frozen_time=bare_stripe.now + 60, customer=customer)
    assert again.error["param"] == "customer"


def test_a_clock_goes_with_its_customers_whose_subscriptions_end(bare_stripe: StripeInside) -> None:
    clock = made(bare_stripe)
    bought = subscribed(bare_stripe, clock)
    bare_stripe.events()
    gone = bare_stripe.delete(f"{PATH}/{clock['id']}")
    assert gone == {"id": clock["id"], "object": clocks.KIND, "deleted": True}
    assert error_of(bare_stripe, "get", f"{PATH}/{clock['id']}").status == 404
    assert bare_stripe.get(f"customers/{bought['customer']}")["deleted"] is True
    ended = bare_stripe.get(f"subscriptions/{bought['id']}")
    assert (ended["status"], ended["ended_at"]) == ("canceled", JANUARY)
    assert told(bare_stripe) == [
        "customer.subscription.deleted", "customer.deleted", f"{clocks.KIND}.deleted",
    ]  # fmt: skip


def test_a_clock_that_nobody_deletes_goes_after_thirty_days(bare_stripe: StripeInside) -> None:
    clock = made(bare_stripe)
    assert clock["deletes_after"] - clock["created"] == 30 * DAY
    bare_stripe.set_clock(29)
    assert bare_stripe.get(f"{PATH}/{clock['id']}")["status"] == "ready"
    bare_stripe.set_clock(31)
    assert error_of(bare_stripe, "get", f"{PATH}/{clock['id']}").status == 404


def test_a_session_counts_in_real_time_and_what_is_bought_there_in_its_customers(
    bare_stripe: StripeInside,
) -> None:
    clock = made(bare_stripe)
    customer = bare_stripe.customer(test_clock=clock["id"])["id"]
    price = bare_stripe.price(4900)["id"]
    wanted: dict[str, Any] = {
        "mode": "subscription", "success_url": "http://shop.test/", "customer": customer,
        "line_items": [{"price": price, "quantity": 1}],
    }  # fmt: skip
    simulated = error_of(
        bare_stripe, "post", "checkout/sessions", **wanted, expires_at=JANUARY + 3600
    )
    assert simulated.error["param"] == "expires_at"
    past = error_of(
        bare_stripe, "post", "checkout/sessions", **wanted,
        subscription_data={"trial_end": JANUARY + 30 * DAY},
    )  # fmt: skip
    assert past.error["param"] == "subscription_data[trial_end]"
    session = bare_stripe.post("checkout/sessions", **wanted)
    assert session["created"] > bare_stripe.now - 60
    paid = bare_stripe.control(f"sessions/{session['id']}/complete", {"outcome": "paid"})
    bought = bare_stripe.get(f"subscriptions/{paid['subscription']}")
    assert (bought["test_clock"], bought["created"]) == (clock["id"], JANUARY)
