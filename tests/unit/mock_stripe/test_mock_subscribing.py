"""Subscriptions made by the API at the mock Stripe: items, discounts, balance, sent invoices, trials."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stripe_inside import DAY, URL, Document, Refused, StripeInside


def types_of(happened: list[Document]) -> list[str]:
    return [event["type"] for event in happened]


def preview(bare_stripe: StripeInside, subscription: Document, **more: Any) -> Document:
    return bare_stripe.post("invoices/create_preview", subscription=subscription["id"], **more)


def test_items_at_two_intervals_are_billed_each_in_its_turn(bare_stripe: StripeInside) -> None:
    yearly, monthly = bare_stripe.price(49_000, "year"), bare_stripe.price(500)
    customer = bare_stripe.customer()["id"]
    made = bare_stripe.subscribe(yearly["id"], monthly["id"], customer=customer)
    assert preview(bare_stripe, made)["amount_due"] == 500
    bare_stripe.set_clock(32)
    paid = [each["amount_paid"] for each in bare_stripe.get("invoices")["data"]]
    assert paid == [500, 49_500]
    changed = bare_stripe.get(f"subscriptions/{made['id']}")
    ends = [item["current_period_end"] for item in changed["items"]["data"]]
    assert ends[0] - ends[1] > 300 * DAY


@pytest.mark.parametrize(
    ("coupon", "first", "second"),
    [
        ({"percent_off": "25", "duration": "once"}, 3675, 4900),
        ({"percent_off": "12.5", "duration": "forever"}, 4287, 4287),
        ({"amount_off": 10_00, "currency": "eur", "duration": "repeating",
          "duration_in_months": 2}, 3900, 3900),
    ],
)  # fmt: skip
def test_a_coupon_counts_as_long_as_it_says(
    bare_stripe: StripeInside, coupon: Document, first: int, second: int
) -> None:
    price, customer = bare_stripe.price(4900)["id"], bare_stripe.customer()["id"]
    made_coupon = bare_stripe.post("coupons", **coupon)["id"]
    made = bare_stripe.subscribe(price, customer=customer, discounts=[{"coupon": made_coupon}])
    invoice = bare_stripe.get(f"invoices/{made['latest_invoice']}")
    assert (invoice["subtotal"], invoice["amount_paid"]) == (4900, first)
    assert sum(each["amount"] for each in invoice["total_discount_amounts"]) == 4900 - first
    assert preview(bare_stripe, made)["amount_due"] == second
    assert bare_stripe.get(f"coupons/{made_coupon}")["times_redeemed"] == 1


def test_a_promotion_code_brings_its_coupon_and_is_used_up(bare_stripe: StripeInside) -> None:
    price = bare_stripe.price(1000)["id"]
    coupon = bare_stripe.post("coupons", percent_off="50", duration="forever")["id"]
    promotion = {"type": "coupon", "coupon": coupon}
    code = bare_stripe.post("promotion_codes", promotion=promotion, code="SUN", max_redemptions=1)
    wanted = [{"promotion_code": code["id"]}]
    before = preview_for(bare_stripe, price, discounts=wanted)
    assert before["amount_due"] == 500
    made = bare_stripe.subscribe(price, customer=bare_stripe.customer()["id"], discounts=wanted)
    shown = bare_stripe.get(f"subscriptions/{made['id']}", expand=["discounts"])
    [discount] = shown["discounts"]
    assert (discount["promotion_code"], discount["source"]["coupon"]) == (code["id"], coupon)
    with pytest.raises(Refused, match="not active"):
        preview_for(bare_stripe, price, discounts=wanted)


def preview_for(bare_stripe: StripeInside, price: str, **more: Any) -> Document:
    return bare_stripe.post(
        "invoices/create_preview", customer=bare_stripe.customer()["id"],
        subscription_details={"items": [{"price": price}]}, **more,
    )  # fmt: skip


def test_an_invoice_item_is_charged_once_with_the_next_invoice(bare_stripe: StripeInside) -> None:
    customer = bare_stripe.customer()["id"]
    made = bare_stripe.subscribe(bare_stripe.price(4900)["id"], customer=customer)
    item = bare_stripe.post("invoiceitems", customer=customer, amount=700, description="Hand-over")
    taken_back = bare_stripe.post("invoiceitems", customer=customer, amount=9, currency="eur")
    bare_stripe.delete(f"invoiceitems/{taken_back['id']}")
    assert item["invoice"] is None
    assert preview(bare_stripe, made)["amount_due"] == 5600
    assert [each["id"] for each in bare_stripe.get("invoiceitems", pending=True)["data"]] == [
        item["id"]
    ]
    bare_stripe.set_clock(32)
    newest = bare_stripe.get("invoices")["data"][0]
    assert (newest["amount_paid"], newest["lines"]["data"][0]["description"]) == (5600, "Hand-over")
    assert bare_stripe.get(f"invoiceitems/{item['id']}")["invoice"] == newest["id"]
    assert preview(bare_stripe, made)["amount_due"] == 4900
    with pytest.raises(Refused, match="not on an invoice yet"):
        bare_stripe.delete(f"invoiceitems/{item['id']}")
    with pytest.raises(Refused, match="with a subscription"):
        bare_stripe.post("invoiceitems", customer=bare_stripe.customer()["id"], amount=1)


def test_a_preview_leaves_nothing_behind(bare_stripe: StripeInside) -> None:
    coupon = bare_stripe.post("coupons", percent_off="50")["id"]
    made = bare_stripe.subscribe(
        bare_stripe.price(1000)["id"], customer=bare_stripe.customer()["id"]
    )
    bare_stripe.events()
    assert preview(bare_stripe, made, discounts=[{"coupon": coupon}])["amount_due"] == 500
    assert bare_stripe.get(f"coupons/{coupon}")["times_redeemed"] == 0
    assert bare_stripe.events() == []
    assert preview(bare_stripe, made)["amount_due"] == 1000


def test_credit_is_used_up_by_the_next_invoices(bare_stripe: StripeInside) -> None:
    price, customer = bare_stripe.price(4900)["id"], bare_stripe.customer()["id"]
    made = bare_stripe.subscribe(price, customer=customer)
    path = f"customers/{customer}/balance_transactions"
    bare_stripe.post(path, amount=-10_000, currency="eur")
    coming = preview(bare_stripe, made)
    assert (coming["amount_due"], coming["starting_balance"], coming["ending_balance"]) == (
        0, -10_000, -5100,
    )  # fmt: skip
    bare_stripe.set_clock(32)
    assert bare_stripe.get(f"customers/{customer}")["balance"] == -5100
    newest, first = bare_stripe.get(path)["data"]
    assert (newest["type"], newest["amount"]) == ("applied_to_invoice", 4900)
    assert (first["type"], first["ending_balance"]) == ("adjustment", -10_000)


def test_a_sent_invoice_is_overdue_from_its_day_and_not_before(bare_stripe: StripeInside) -> None:
    price = bare_stripe.price(4900)["id"]
    bare_stripe.set_clock(-31)
    made = bare_stripe.subscribe(
        price, customer=bare_stripe.customer(card="")["id"], collection_method="send_invoice",
        days_until_due=30,
    )  # fmt: skip
    invoice = bare_stripe.get(f"invoices/{made['latest_invoice']}")
    assert (made["status"], invoice["status"], invoice["attempted"]) == ("active", "open", False)
    assert invoice["due_date"] == invoice["created"] + 30 * DAY
    assert invoice["next_payment_attempt"] is None
    assert "invoice.sent" in types_of(bare_stripe.events())
    bare_stripe.set_clock(-1.5)
    assert bare_stripe.get(f"subscriptions/{made['id']}")["status"] == "active"
    bare_stripe.events()
    bare_stripe.set_clock(-0.5)
    assert bare_stripe.get(f"subscriptions/{made['id']}")["status"] == "past_due"
    assert types_of(bare_stripe.events()) == [
        "invoice.overdue", "customer.subscription.updated",
    ]  # fmt: skip
    bare_stripe.post(f"invoices/{invoice['id']}/pay", paid_out_of_band=True)
    assert bare_stripe.get(f"subscriptions/{made['id']}")["status"] == "active"


@pytest.mark.parametrize(
    ("behaviour", "status"), [("cancel", "canceled"), ("pause", "paused"), (None, "past_due")]
)
def test_a_trial_ends_without_a_card_as_it_was_told(
    bare_stripe: StripeInside, behaviour: str | None, status: str
) -> None:
    more: Document = {"trial_period_days": 14}
    if behaviour:
        more["trial_settings"] = {"end_behavior": {"missing_payment_method": behaviour}}
    made = bare_stripe.subscribe(
        bare_stripe.price(4900)["id"], customer=bare_stripe.customer(card="")["id"], **more
    )
    bare_stripe.set_clock(13.9)
    assert bare_stripe.get(f"subscriptions/{made['id']}")["status"] == "trialing"
    bare_stripe.set_clock(14.1)
    assert bare_stripe.get(f"subscriptions/{made['id']}")["status"] == status


def test_a_quarter_is_three_months(bare_stripe: StripeInside) -> None:
    price = bare_stripe.price(12_000, interval_count=3)["id"]
    made = bare_stripe.subscribe(price, customer=bare_stripe.customer()["id"])
    [item] = made["items"]["data"]
    assert 89 * DAY <= item["current_period_end"] - item["current_period_start"] <= 92 * DAY
    assert preview(bare_stripe, made)["amount_due"] == 12_000


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"collection_method": "send_invoice"}, "days_until_due"),
        ({"days_until_due": 3}, "days_until_due"),
        ({"discounts": [{"coupon": "none"}]}, "No such coupon"),
        ({"trial_settings": {"end_behavior": {"missing_payment_method": "hope"}}}, "must be one"),
        ({"trial_period_days": 3, "trial_end": 4_000_000_000}, "You may only specify one"),
        ({"colour": "blue"}, "unknown parameter"),
    ],
)
def test_what_stripe_refuses_is_refused(
    bare_stripe: StripeInside, wrong: Document, message: str
) -> None:
    price, customer = bare_stripe.price(4900)["id"], bare_stripe.customer()["id"]
    with pytest.raises(Refused, match=message) as refused:
        bare_stripe.subscribe(price, customer=customer, **wrong)
    assert refused.value.status == 400
    assert bare_stripe.get("subscriptions")["data"] == []


def test_nobody_subscribes_without_a_card_or_to_an_archived_price(
    bare_stripe: StripeInside,
) -> None:
    price, customer = bare_stripe.price(4900)["id"], bare_stripe.customer()["id"]
    with pytest.raises(Refused, match="no attached payment source"):
        bare_stripe.subscribe(price, customer=bare_stripe.customer(card="")["id"])
    bare_stripe.post(f"prices/{price}", active=False)
    with pytest.raises(Refused, match="inactive"):
        bare_stripe.subscribe(price, customer=customer)
    with pytest.raises(Refused, match="inactive") as refused:
        bare_stripe.post(
            "checkout/sessions", mode="subscription", success_url=f"{URL}/welcome",
            line_items=[{"price": price, "quantity": 1}],
        )  # fmt: skip
    assert refused.value.error["param"] == "line_items[0][price]"
