"""Updates that wait for their payment at the mock Stripe, as Stripe's pending updates do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.mock_stripe.test_mock_subscribing import types_of
from tests.unit.stripe_inside import DAY, Document, Refused, StripeInside

ASKS, DECLINES = "pm_card_authenticationRequired", "pm_card_chargeCustomerFail"
CHEAP, DEAR = 2000, 9000


def subscribed(bare_stripe: StripeInside, **more: Any) -> tuple[Document, dict[str, Any]]:
    """Return a subscription, and the update to a dearer price that waits if it must."""
    price = bare_stripe.price(CHEAP)
    customer = more.pop("customer", None) or bare_stripe.customer()["id"]
    made = bare_stripe.subscribe(price["id"], customer=customer, **more)
    dearer = bare_stripe.price(DEAR, product=price["product"])["id"]
    item = made["items"]["data"][0]["id"]
    return made, {
        "items": [{"id": item, "price": dearer}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
    }


def pay_with(bare_stripe: StripeInside, made: Document, card: str) -> None:
    attached = bare_stripe.post(f"payment_methods/{card}/attach", customer=made["customer"])
    path = f"subscriptions/{made['id']}"
    bare_stripe.post(path, default_payment_method=attached["id"])
    bare_stripe.events()


def waiting(bare_stripe: StripeInside, card: str = ASKS) -> tuple[Document, Document]:
    """Return a subscription whose update waits, and the invoice that it waits for."""
    made, update = subscribed(bare_stripe)
    pay_with(bare_stripe, made, card)
    held = bare_stripe.post(f"subscriptions/{made['id']}", **update)
    return held, bare_stripe.get(f"invoices/{held['latest_invoice']}")


def amount_of(subscription: Document) -> int:
    [item] = subscription["items"]["data"]
    return int(item["price"]["unit_amount"])


def test_a_card_that_pays_makes_the_change_at_once(bare_stripe: StripeInside) -> None:
    made, update = subscribed(bare_stripe)
    after = bare_stripe.post(f"subscriptions/{made['id']}", **update)
    assert (amount_of(after), after["pending_update"]) == (DEAR, None)


@pytest.mark.parametrize(("card", "status"), [(ASKS, "requires_action"),
                                              (DECLINES, "requires_payment_method")])  # fmt: skip
def test_what_is_not_paid_waits_beside_what_there_was(
    bare_stripe: StripeInside, card: str, status: str
) -> None:
    held, invoice = waiting(bare_stripe, card)
    [item] = held["pending_update"]["subscription_items"]
    assert (amount_of(held), held["status"]) == (CHEAP, "active")
    assert (item["price"]["unit_amount"], item["id"]) == (DEAR, held["items"]["data"][0]["id"])
    assert held["pending_update"]["expires_at"] == pytest.approx(bare_stripe.now + 23 * 3600, abs=5)
    assert invoice["status"] == "open"
    [intent] = bare_stripe.get("payment_intents", customer=held["customer"], limit="1")["data"]
    assert intent["status"] == status
    happened = types_of(bare_stripe.events())
    asked = "invoice.payment_action_required"
    assert ("invoice.payment_failed" in happened, asked in happened) == (True, card == ASKS)


def test_it_comes_into_force_when_the_bank_is_told_yes(bare_stripe: StripeInside) -> None:
    held, invoice = waiting(bare_stripe)
    bare_stripe.events()
    page = bare_stripe.page(invoice["hosted_invoice_url"]).text
    assert "Confirm the payment" in page
    bare_stripe.page(invoice["hosted_invoice_url"], action="decline")
    assert bare_stripe.get(f"subscriptions/{held['id']}")["pending_update"] is not None
    assert "Confirm the payment" not in bare_stripe.page(invoice["hosted_invoice_url"]).text
    bare_stripe.page(invoice["hosted_invoice_url"], action="pay")
    after = bare_stripe.get(f"subscriptions/{held['id']}")
    assert (amount_of(after), after["pending_update"]) == (DEAR, None)
    assert "customer.subscription.pending_update_applied" in types_of(bare_stripe.events())


def test_voiding_its_invoice_drops_it_and_gives_credit_back(bare_stripe: StripeInside) -> None:
    made, update = subscribed(bare_stripe)
    pay_with(bare_stripe, made, ASKS)
    credit = {"amount": "-100", "currency": "eur"}
    bare_stripe.post(f"customers/{made['customer']}/balance_transactions", **credit)
    held = bare_stripe.post(f"subscriptions/{made['id']}", **update)
    assert bare_stripe.get(f"customers/{made['customer']}")["balance"] == 0
    voided = bare_stripe.post(f"invoices/{held['latest_invoice']}/void")
    assert voided["status"] == "void"
    after = bare_stripe.get(f"subscriptions/{made['id']}")
    assert (amount_of(after), after["pending_update"]) == (CHEAP, None)
    assert bare_stripe.get(f"customers/{made['customer']}")["balance"] == -100
    [intent] = bare_stripe.get("payment_intents", customer=made["customer"], limit="1")["data"]
    assert (intent["status"], intent["cancellation_reason"]) == ("canceled", "void_invoice")
    with pytest.raises(Refused, match="void"):
        bare_stripe.post(f"invoices/{held['latest_invoice']}/void")


def test_its_time_ends_after_23_hours_or_with_the_period(bare_stripe: StripeInside) -> None:
    held, invoice = waiting(bare_stripe)
    bare_stripe.events()
    bare_stripe.set_clock(1)
    after = bare_stripe.get(f"subscriptions/{held['id']}")
    assert (amount_of(after), after["pending_update"]) == (CHEAP, None)
    assert bare_stripe.get(f"invoices/{invoice['id']}")["status"] == "void"
    assert "customer.subscription.pending_update_expired" in types_of(bare_stripe.events())

    made, update = subscribed(bare_stripe)
    pay_with(bare_stripe, made, ASKS)
    ends = made["items"]["data"][0]["current_period_end"]
    bare_stripe.set_clock(1 + (ends - made["created"] - 3600) / DAY)
    late = bare_stripe.post(f"subscriptions/{made['id']}", **update)
    assert late["pending_update"]["expires_at"] == ends


def test_another_update_takes_its_place(bare_stripe: StripeInside) -> None:
    held, invoice = waiting(bare_stripe)
    other = bare_stripe.price(7000)["id"]
    again = bare_stripe.post(
        f"subscriptions/{held['id']}", proration_behavior="always_invoice",
        payment_behavior="pending_if_incomplete",
        items=[{"id": held["items"]["data"][0]["id"], "price": other}],
    )  # fmt: skip
    assert bare_stripe.get(f"invoices/{invoice['id']}")["status"] == "void"
    [item] = again["pending_update"]["subscription_items"]
    assert item["price"]["id"] == other
    assert again["latest_invoice"] != invoice["id"]


@pytest.mark.parametrize(
    "more", [{"cancel_at_period_end": "true"}, {"off_session": "true"}, {"description": "x"},
             {"items": [{"id": "si_1", "price": "price_1", "metadata": {"a": "b"}}]}],
)  # fmt: skip
def test_what_stripe_does_not_support_beside_it_is_refused(
    bare_stripe: StripeInside, more: dict[str, Any]
) -> None:
    made, update = subscribed(bare_stripe)
    with pytest.raises(Refused, match="you can only pass supported params") as refusal:
        bare_stripe.post(f"subscriptions/{made['id']}", **{**update, **more})
    assert refusal.value.status == 400


def test_sent_invoices_and_new_subscriptions_can_not_wait(bare_stripe: StripeInside) -> None:
    made, update = subscribed(
        bare_stripe, collection_method="send_invoice", days_until_due="14"
    )  # fmt: skip
    with pytest.raises(Refused, match="charge_automatically"):
        bare_stripe.post(f"subscriptions/{made['id']}", **update)
    with pytest.raises(Refused, match="payment_behavior"):
        subscribed(bare_stripe, payment_behavior="pending_if_incomplete")


@pytest.mark.parametrize(
    ("behaviour", "card", "tried", "days"),
    [("resume_on_payment_success", ASKS, True, 365), ("resume_on_payment_attempt", ASKS, False, 1)],
)
def test_a_resumption_is_paused_until_it_is_paid(
    bare_stripe: StripeInside, behaviour: str, card: str, tried: bool, days: int
) -> None:
    made, _update = subscribed(bare_stripe)
    pay_with(bare_stripe, made, card)
    bare_stripe.control(f"subscriptions/{made['id']}", {"status": "paused"})
    held = bare_stripe.post(f"subscriptions/{made['id']}/resume", payment_behavior=behaviour)
    invoice = bare_stripe.get(f"invoices/{held['latest_invoice']}")
    assert (held["status"], invoice["status"], invoice["attempted"]) == ("paused", "open", tried)
    assert 0 < held["pending_update"]["expires_at"] - bare_stripe.now <= days * DAY
    bare_stripe.events()
    bare_stripe.page(invoice["hosted_invoice_url"], action="pay")
    assert bare_stripe.get(f"subscriptions/{made['id']}")["status"] == "active"
    assert "customer.subscription.resumed" in types_of(bare_stripe.events())


def test_a_resumption_wants_its_anchor_as_a_hash_and_a_card_to_try(
    bare_stripe: StripeInside,
) -> None:
    made, _update = subscribed(bare_stripe)
    bare_stripe.control(f"subscriptions/{made['id']}", {"status": "paused"})
    path = f"subscriptions/{made['id']}/resume"
    with pytest.raises(Refused, match="Invalid object"):
        bare_stripe.post(path, billing_cycle_anchor="now")
    bare = bare_stripe.customer(card="")
    trial = {"customer": bare["id"], "trial_period_days": "1"}
    made, _update = subscribed(bare_stripe, **trial)
    bare_stripe.control(f"subscriptions/{made['id']}", {"status": "paused"})
    with pytest.raises(Refused, match="no attached payment source"):
        bare_stripe.post(
            f"subscriptions/{made['id']}/resume", payment_behavior="resume_on_payment_success"
        )
