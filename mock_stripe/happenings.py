"""What can happen to a subscription, by name: for the front page's buttons, and for the controls."""

from __future__ import annotations

from collections.abc import Callable

from mock_stripe import invoices, refunds, transitions
from mock_stripe.errors import ApiError
from mock_stripe.events import emit
from mock_stripe.lines import regular
from mock_stripe.store import Change
from mock_stripe.table import Document

Happening = Callable[[Change, Document], object]


def happen(change: Change, subscription: Document, what: str) -> None:
    """Let something happen to a subscription. Raises ApiError 400 for what is not known."""
    if what not in HAPPENINGS:
        raise ApiError(
            400, f"what must be one of {', '.join(HAPPENINGS)}; not {what!r}", param="what"
        )
    HAPPENINGS[what][1](change, subscription)


def _moves_to(status: str) -> Happening:
    return lambda change, subscription: transitions.move(change, subscription, status)


def _ends_trial(change: Change, subscription: Document) -> None:
    if subscription["status"] != "trialing":
        raise ApiError(409, f"{subscription['id']} is not in a trial.")
    transitions.move(change, subscription, "active")


def _announces_end(change: Change, subscription: Document) -> None:
    if subscription["status"] != "trialing":
        raise ApiError(409, f"{subscription['id']} is not in a trial.")
    emit(change, "customer.subscription.trial_will_end", subscription)


def _is_disputed(change: Change, subscription: Document) -> None:
    refunds.open_dispute(change, _last_charge(change, subscription), reason="fraudulent")


def _is_refunded(change: Change, subscription: Document) -> None:
    charge = _last_charge(change, subscription)
    refunds.refund(change, charge, charge["amount"] - charge["amount_refunded"], reason=None)


def _renews_slowly(change: Change, subscription: Document) -> None:
    if subscription["status"] != "active":
        raise ApiError(409, f"{subscription['id']} is {subscription['status']}.")
    transitions.renew(change, subscription, slowly=True)


def _refund_fails(change: Change, subscription: Document) -> None:
    for charge in change.find("charge", customer=subscription["customer"]):
        for given in change.find("refund", charge=charge["id"]):
            if given["status"] != "failed":
                refunds.fail(change, charge, given)
                return
    raise ApiError(409, f"Nothing was given back for {subscription['id']}.")


def _is_warned_of(change: Change, subscription: Document) -> None:
    refunds.warn_of_fraud(change, _last_charge(change, subscription))


def _is_not_finalized(change: Change, subscription: Document) -> None:
    lines = regular(change, subscription)
    draft = invoices.draft(change, subscription, lines, reason="subscription_cycle")
    error = {
        "code": "customer_tax_location_invalid",
        "message": "The customer's location isn't recognized.",
        "type": "invalid_request_error",
    }
    failed = draft | {"last_finalization_error": error}
    emit(change, "invoice.finalization_failed", change.put(failed))


def _last_charge(change: Change, subscription: Document) -> Document:
    for charge in change.find("charge", customer=subscription["customer"]):
        if charge["paid"] and not charge["refunded"] and not charge["disputed"]:
            return charge
    raise ApiError(409, f"Nothing was paid for {subscription['id']} that could come back.")


# The word on the button, and what it does.
HAPPENINGS: dict[str, tuple[str, Happening]] = {
    "failed-payment": ("Payment fails", _moves_to("past_due")),
    "recovered": ("Is paid after all", _moves_to("active")),
    "unpaid": ("Stripe gives up", _moves_to("unpaid")),
    "cancellation": ("Ends at once", _moves_to("canceled")),
    "end-of-trial": ("Trial ends", _ends_trial),
    "trial-will-end": ("Trial's notice", _announces_end),
    "dispute": ("Bank disputes", _is_disputed),
    "refund": ("Refund", _is_refunded),
    "failed-refund": ("Refund fails", _refund_fails),
    "fraud-warning": ("Bank warns of fraud", _is_warned_of),
    "failed-finalization": ("Invoice is stuck", _is_not_finalized),
    "slow-renewal": ("Renews by SEPA", _renews_slowly),
}
