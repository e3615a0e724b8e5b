"""Subscriptions that are made by the API, without a checkout: as staff do in Stripe's Dashboard."""

from __future__ import annotations

from mock_stripe import clocks, discounts, invoices, transitions
from mock_stripe.calls import Call
from mock_stripe.catalogue import fetch_recurring
from mock_stripe.customers import card_of, live_customer
from mock_stripe.errors import ApiError, invalid, missing_parameter
from mock_stripe.events import emit
from mock_stripe.forms import Params
from mock_stripe.lines import regular
from mock_stripe.revision import check_together, terms
from mock_stripe.store import Change
from mock_stripe.subscribing import new_subscription
from mock_stripe.table import Document

_PARAMS = (
    "customer", "items", "default_payment_method", "collection_method", "days_until_due",
    "trial_period_days", "trial_end", "trial_settings", "discounts", "metadata", "description",
    "payment_behavior", "off_session", "currency", "billing_mode", "proration_behavior",
    "payment_settings", "automatic_tax", "expand",
)  # fmt: skip
_LONGEST_TRIAL_DAYS = 730
_DAY = 86_400


def create_subscription(call: Call) -> Document:
    """Make a subscription and bill its first period; a trial's first invoice is over nothing."""
    change, params = call.change, call.params
    params.only(*_PARAMS)
    customer = live_customer(change, params.required("customer"), param="customer")
    clocks.refuse_fourth_subscription(change, customer)
    behaviour = params.choice("payment_behavior", *transitions.BEHAVIOURS) or "allow_incomplete"
    made = new_subscription(
        change,
        customer=customer["id"],
        prices=_prices(call),
        trial_end=_trial_end(params, change.now),
    )
    check_together(made["items"]["data"], currency=made["currency"])
    made |= terms(params, made) | {
        "default_payment_method": _card(call),
        "description": params.text("description"),
        "metadata": params.merged_metadata({}),
    }
    _refuse_without_card(change, made)
    made["discounts"] = discounts.redeemed(change, params, made)
    change.put(customer | {"currency": customer["currency"] or made["currency"]})
    return _first_billed(call, made, behaviour=behaviour)


def _first_billed(call: Call, made: Document, *, behaviour: str) -> Document:
    change = call.change
    change.put(made)
    lines = regular(change, made, trial=made["status"] == "trialing")
    tries = behaviour != "default_incomplete"
    after = transitions.billed(change, made, lines, reason="subscription_create", tries=tries)
    invoice = change.fetch("invoice", after["latest_invoice"])
    if invoice["status"] == "open" and invoice["collection_method"] != invoices.BY_INVOICE:
        if behaviour == "error_if_incomplete":
            raise transitions.unpaid(change, card_of(change, made))
        after |= {"status": "incomplete"}
    emit(change, "customer.subscription.created", change.put(after))
    return after


def _prices(call: Call) -> list[tuple[Document, int]]:
    if "items" not in call.params:
        raise missing_parameter("items")
    return [_price(call, given) for given in call.params.each("items")]


def _price(call: Call, given: Params) -> tuple[Document, int]:
    given.only("price", "quantity", "metadata")
    name = given.name_of("price")
    price = fetch_recurring(call.change, given.required("price"), param=name)
    quantity = given.integer("quantity")
    if quantity is not None and quantity < 0:
        raise invalid(given.name_of("quantity"), "Invalid non-negative integer")
    return price, 1 if quantity is None else quantity


def _card(call: Call) -> str | None:
    card = call.params.text("default_payment_method")
    if card is not None:
        call.change.fetch("payment_method", card, param="default_payment_method")
    return card


def _trial_end(params: Params, now: int) -> int | None:
    if "trial_end" in params and "trial_period_days" in params:
        raise invalid("trial_end", "You may only specify one of these parameters: trial_end, "
                                   "trial_period_days.")  # fmt: skip
    days = params.integer("trial_period_days")
    if days is not None and not 0 <= days <= _LONGEST_TRIAL_DAYS:
        raise invalid("trial_period_days", f"Must be at most {_LONGEST_TRIAL_DAYS}.")
    end = now + days * _DAY if days else params.integer("trial_end")
    if end is not None and not now < end <= now + _LONGEST_TRIAL_DAYS * _DAY:
        raise invalid("trial_end", "Invalid timestamp: must be an integer Unix timestamp in the "
                                   "future.")  # fmt: skip
    return end


def _refuse_without_card(change: Change, made: Document) -> None:
    by_itself = made["collection_method"] == "charge_automatically"
    card = card_of(change, made)
    if by_itself and card is None and made["status"] != "trialing":
        raise ApiError(
            400,
            "This customer has no attached payment source or default payment method. Please "
            "consider adding a default payment method.",
            code="resource_missing",
        )
