"""Invoices and their payments as the API reads, previews and pays them."""

from __future__ import annotations

from mock_stripe import (
    discounts,
    invoices,
    lines,
    pending_updates,
    scheduled_phases,
    transitions,
)
from mock_stripe.calls import (
    LIST_PARAMS,
    PAGE_PARAMS,
    Call,
    Route,
    list_object,
    listing,
    page,
    retrieve,
)
from mock_stripe.catalogue import fetch_recurring
from mock_stripe.customers import card_of, live_customer
from mock_stripe.errors import ApiError, card_declined, invalid, missing_parameter
from mock_stripe.expansion import NOTES
from mock_stripe.ids import new_id
from mock_stripe.revision import revised
from mock_stripe.store import Change
from mock_stripe.subscribing import new_subscription
from mock_stripe.table import Document

# Stripe's test cards whose charges fail begin so: pm_card_chargeDeclined, and its relatives.
_BAD_CARD = "pm_card_chargeDeclined"
_REVISING = (
    "items", "cancel_at", "cancel_at_period_end", "proration_behavior", "proration_date",
    "trial_end", "billing_cycle_anchor", "billing_mode", "default_tax_rates", "start_date",
)  # fmt: skip


def _pay(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("payment_method", "off_session", "paid_out_of_band", "expand", "source")
    invoice = change.fetch("invoice", call.id)
    if invoice["status"] == "draft":
        invoice = invoices.finalize(change, invoice)
    if invoice["status"] != "open":
        raise ApiError(400, f"Invoice is already {invoice['status']}", code="invoice_not_open")
    subscription = change.get(
        "subscription", invoice["parent"]["subscription_details"]["subscription"]
    )
    card = card_of(change, subscription) if subscription else None
    if (params.text("payment_method") or "").startswith(_BAD_CARD):
        failed = transitions.refuse_invoice(change, invoice, card=card)
        raise card_declined(kept=True, payment_intent=_intent_of(change, failed))
    return transitions.pay_owed(change, invoice, card=card)


def _intent_of(change: Change, invoice: Document) -> Document:
    payments = change.find("invoice_payment", invoice=invoice["id"])
    return change.fetch("payment_intent", payments[0]["payment"]["payment_intent"])


def _preview(call: Call) -> Document:
    with call.change.undone():
        return _previewed(call)


def _previewed(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("customer", "subscription", "subscription_details", "preview_mode", "expand",
                "currency", "automatic_tax", "schedule", "discounts")  # fmt: skip
    recurring = params.choice("preview_mode", "next", "recurring") == "recurring"
    if not {"subscription", "schedule"} & set(params.names()):
        return _preview_new(call)
    before = _previewed_subscription(call)
    if before["ended_at"] is not None:
        raise ApiError(404, f"No upcoming invoices for subscription: {before['id']}",
                       code="invoice_upcoming_none")  # fmt: skip
    given = params.nested("subscription_details")
    given.only(*_REVISING)
    if customer := params.text("customer"):
        live_customer(change, customer, param="customer")
    revision = revised(change, given, before)
    if recurring:
        after = discounts.lasting(change, _discounted(call, revision.subscription))
        return _upcoming(call, after, lines.upcoming(change, after), bill_now=False)
    if revision.subscription["cancel_at"] is not None and not revision.lines:
        raise ApiError(404, f"No upcoming invoices for subscription: {before['id']}",
                       code="invoice_upcoming_none")  # fmt: skip
    after = _discounted(call, revision.subscription)
    costs = after[NOTES]["pending_lines"] + revision.lines
    if not revision.bill_now:
        costs = [*costs, *lines.upcoming(change, after)]
    return _upcoming(call, after, costs, bill_now=revision.bill_now)


def _previewed_subscription(call: Call) -> Document:
    """Return what a preview is about, with what its schedule makes of it by its next period."""
    change, params = call.change, call.params
    given = params.nested("subscription_details").names()
    if "schedule" not in params:
        named = params.required("subscription")
        before = change.fetch("subscription", named, param="subscription")
        return before if given else scheduled_phases.ahead(change, before)
    if given or "subscription" in params:
        raise invalid("schedule", "`schedule` can't be used with subscription parameters.")
    schedule = change.fetch("subscription_schedule", params.required("schedule"), param="schedule")
    if schedule["subscription"] is None:
        raise ApiError(404, f"No upcoming invoices for schedule: {schedule['id']}",
                       code="invoice_upcoming_none")  # fmt: skip
    return scheduled_phases.ahead(change, change.fetch("subscription", schedule["subscription"]))


def _preview_new(call: Call) -> Document:
    """Return what a new subscription of a customer would be billed first."""
    change, params = call.change, call.params
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = live_customer(change, params.required("customer"), param="customer")
    given = params.nested("subscription_details")
    given.only(*_REVISING)
    prices = []
    for entry in given.each("items"):
        entry.only("price", "quantity")
        name = entry.name_of("price")
        price = fetch_recurring(change, entry.required("price"), param=name)
        quantity = entry.integer("quantity")
        prices.append((price, 1 if quantity is None else quantity))
    if not prices:
        raise missing_parameter("subscription_details[items]")
    made = new_subscription(
        change, customer=customer["id"], prices=prices, trial_end=given.integer("trial_end")
    )
    made = _discounted(call, made)
    trial = made["status"] == "trialing"
    return _upcoming(call, made, lines.regular(change, made, trial=trial), bill_now=True)


def _discounted(call: Call, subscription: Document) -> Document:
    """Return the subscription with the discounts that the preview is to count in place of its own."""
    if "discounts" not in call.params:
        return subscription
    wanted = discounts.given(
        call.change,
        call.params,
        subscription=subscription["id"],
        customer=subscription["customer"],
        currency=subscription["currency"],
    )
    for each in wanted:
        call.change.put(each)
    return subscription | {"discounts": [each["id"] for each in wanted]}


def _upcoming(
    call: Call, subscription: Document, costs: list[Document], *, bill_now: bool
) -> Document:
    reason = "subscription_update" if bill_now else "upcoming"
    invoice_id = new_id("upcoming_in")
    invoice = invoices.build(call.change, subscription, costs, reason=reason, invoice_id=invoice_id)
    if not bill_now:
        end = min(item["current_period_end"] for item in lines.items_of(subscription))
        tried = end + 3600 if invoice["due_date"] is None else None
        due = None if invoice["due_date"] is None else invoice["due_date"] - call.change.now + end
        invoice |= {
            "created": end,
            "due_date": due,
            "period_end": end,
            "next_payment_attempt": tried,
        }
    details = invoice["parent"]["subscription_details"]
    given = call.params.nested("subscription_details").integer("proration_date")
    details["subscription_proration_date"] = given or call.change.now
    return invoice


def _payments(call: Call) -> Document:
    params = call.params
    params.only(*LIST_PARAMS, "invoice", "payment", "status")
    where = {name: {params.required(name)} for name in ("invoice", "status") if name in params}
    if "payment" in params:
        payment = params.nested("payment")
        payment.only("type", "payment_intent")
        payment.required("type")
        where["payment_intent"] = {payment.required("payment_intent")}
    return page(call, "invoice_payment", where)


def _lines(call: Call) -> Document:
    call.params.only(*PAGE_PARAMS)
    return list_object(call.change.fetch("invoice", call.id)["lines"]["data"], url=call.url)


def _retrieve(call: Call) -> Document:
    return invoices.with_living_links(call.change, retrieve("invoice")(call))


def _void(call: Call) -> Document:
    call.params.only("expand")
    invoice = call.change.fetch("invoice", call.id)
    if invoice["status"] != "open":
        raise ApiError(400, f"Invoice is {invoice['status']}: only open invoices can be voided.")
    details = invoice["parent"]["subscription_details"]
    subscription = call.change.get("subscription", details["subscription"])
    if subscription is not None and pending_updates.is_for(subscription, invoice):
        pending_updates.drop(call.change, subscription)
        return call.change.fetch("invoice", invoice["id"])
    return invoices.void(call.change, invoice)


ROUTES: list[Route] = [
    ("GET", "/v1/invoices", listing("invoice", "customer", "subscription", "status")),
    ("POST", "/v1/invoices/create_preview", _preview),
    ("GET", "/v1/invoices/<id>", _retrieve),
    ("GET", "/v1/invoices/<id>/lines", _lines),
    ("POST", "/v1/invoices/<id>/pay", _pay),
    ("POST", "/v1/invoices/<id>/void", _void),
    ("GET", "/v1/invoice_payments", _payments),
    ("GET", "/v1/invoice_payments/<id>", retrieve("invoice_payment")),
]
