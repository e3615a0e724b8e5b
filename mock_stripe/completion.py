"""What happens when the buyer, or a test in the buyer's place, brings a checkout session to an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

from mock_stripe import clocks, discounts, invoices, lines, payments, tax_ids, taxes
from mock_stripe.customers import new_card, new_customer
from mock_stripe.errors import ApiError
from mock_stripe.events import emit, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.sessions import details, discounted, expire, runs_out_at
from mock_stripe.store import Change
from mock_stripe.subscribing import new_subscription
from mock_stripe.table import Document

_USUAL_TRIAL_DAYS = 14
_ANYBODY, _SOMEBODY = "customer@example.com", "Eleni Papadaki"
_ADDRESS = {
    "city": "Athens", "line1": "Ermou 1", "line2": None, "postal_code": "10563", "state": None,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What a buyer types on the payment page beside the card."""

    name: str = ""
    country: str = ""
    tax_id: str = ""
    promotion_code: str = ""


TYPED = tuple(field.name for field in fields(Typed))
NOBODY = Typed()


def complete(change: Change, session_id: str, outcome: str, typed: Typed = NOBODY) -> Document:
    """Bring a session to one of `OUTCOMES`. Raises ApiError 409 if it cannot get there any more."""
    session = change.fetch("checkout.session", session_id)
    if outcome not in _OUTCOMES:
        known = ", ".join(OUTCOMES)
        raise ApiError(400, f"outcome must be one of {known}; not {outcome!r}", param="outcome")
    if awaits_payment(session) and outcome in {"paid", "declined"}:
        with clocks.living_with(change, session["customer"]):
            return _end_waiting(change, session, paid=outcome == "paid")
    if session["status"] == "open" and runs_out_at(session) <= change.now:
        session = expire(change, session)
    if session["status"] != "open":
        raise ApiError(
            409,
            f"Session {session_id} is {session['status']} (payment_status "
            f"{session['payment_status']}): it cannot be brought to {outcome!r} any more.",
            kept=True,
        )
    session[NOTES] |= {"typed": asdict(typed)}
    if typed.promotion_code:
        session = _with_code(change, session, typed.promotion_code)
    with clocks.living_with(change, session["customer"]):
        return _OUTCOMES[outcome](change, session)


def _with_code(change: Change, session: Document, code: str) -> Document:
    """Take off what a promotion code gives, in place of a discount that was there."""
    if not session["allow_promotion_codes"]:
        raise ApiError(400, "This page takes no promotion codes.")
    notes = session[NOTES]
    wanted = [
        discounts.of_code(change, code, customer=session["customer"], currency=session["currency"])
        | {"checkout_session": session["id"]}
    ]
    off = sum(each for _item, each in discounted(change, notes["line_items"], wanted))
    amount = sum(item["amount_subtotal"] for item in notes["line_items"]) - off
    shown = 0 if notes["trial_days"] else off
    return session | {
        "amount_total": 0 if notes["trial_days"] else amount,
        "total_details": session["total_details"] | {"amount_discount": shown},
        NOTES: notes | {"discounts": wanted, "amount": amount},
    }


def awaits_payment(session: Document) -> bool:
    """Say whether the buyer is done but the money is on its way."""
    waiting = session["status"] == "complete" and session["payment_status"] == "unpaid"
    return waiting and not session[NOTES].get("payment_failed")


def _pay(change: Change, session: Document) -> Document:
    session, card = _with_customer(change, session)
    if session[NOTES]["amount"] == 0:
        subscription = _subscribe(change, session, card=card, trial_days=0)
        invoices.settle(change, _first_invoice(change, subscription), None)
        return _completed(change, session, subscription, payment_status="no_payment_required")
    intent = payments.succeed(change, _intent(change, session), card=card)
    subscription = _subscribe(change, session, card=card, trial_days=0)
    invoice = _first_invoice(change, subscription)
    invoices.settle(change, invoice, intent)
    return _completed(change, session, subscription, payment_status="paid")


def _start_trial(change: Change, session: Document) -> Document:
    # Where a card is asked for "if required", a trial begins without one.
    asks = session["payment_method_collection"] == "always"
    session, card = _with_customer(change, session, leaves_card=asks)
    days = session[NOTES]["trial_days"] or _USUAL_TRIAL_DAYS
    subscription = _subscribe(change, session, card=card, trial_days=days)
    invoices.settle(change, _first_invoice(change, subscription), None)
    return _completed(change, session, subscription, payment_status="no_payment_required")


def _wait(change: Change, session: Document) -> Document:
    session, card = _with_customer(change, session)
    intent = payments.start_processing(change, _intent(change, session), card=card)
    # Stripe opens the subscription while a slow payment is under way.
    subscription = _subscribe(change, session, card=card, trial_days=0)
    invoices.await_payment(change, _first_invoice(change, subscription), intent)
    return _completed(change, session, subscription, payment_status="unpaid")


def _decline(change: Change, session: Document) -> Document:
    """Refuse the card; the buyer may try another, so the session stays open."""
    payments.decline(change, _intent(change, session), card=None)
    return session


def _end_waiting(change: Change, session: Document, *, paid: bool) -> Document:
    invoice = change.fetch("invoice", session["invoice"])
    intent = invoices.intent_for(change, invoice)
    if paid:
        intent = payments.succeed(change, intent, card=intent["payment_method"])
        invoices.settle(change, invoice, intent)
        session = session | {"payment_status": "paid"}
        emit(change, "checkout.session.async_payment_succeeded", change.put(session))
        return session
    invoices.fail(change, invoice, payments.decline(change, intent, card=intent["payment_method"]))
    subscription = change.fetch("subscription", session["subscription"])
    if subscription["status"] == "active":
        put_and_emit(
            change,
            "customer.subscription.updated",
            subscription,
            subscription | {"status": "past_due"},
        )
    # What tells a failed payment from one under way: Stripe leaves payment_status at unpaid.
    session = session | {NOTES: session[NOTES] | {"payment_failed": True}}
    emit(change, "checkout.session.async_payment_failed", change.put(session))
    return session


_OUTCOMES: dict[str, Callable[[Change, Document], Document]] = {
    "paid": _pay,
    "trial": _start_trial,
    "declined": _decline,
    "async_pending": _wait,
    "expired": expire,
}
OUTCOMES = tuple(_OUTCOMES)


def _with_customer(
    change: Change, session: Document, *, leaves_card: bool = True
) -> tuple[Document, str | None]:
    """Return the session with its customer, made if need be, and the id of the customer's card."""
    email = session["customer_email"] or (session["customer_details"] or {}).get("email")
    customer = change.get("customer", session["customer"])
    if customer is None:
        customer = new_customer(change, email=email or _ANYBODY)
        customer |= {"currency": session["currency"]}
        emit(change, "customer.created", change.put(customer))
    elif customer.get("deleted"):
        raise ApiError(409, f"The customer {customer['id']} of this session has been deleted.")
    customer = _told(change, session, customer)
    card = None
    if leaves_card:
        card = new_card(change, customer=customer["id"], email=customer["email"])
        emit(change, "payment_method.attached", change.put(card))
    session = session | {
        "customer": customer["id"],
        "customer_details": _details(change, customer),
    }
    return _with_tax(change, session, customer), card["id"] if card else None


def _told(change: Change, session: Document, customer: Document) -> Document:
    """Keep what the page asked for: on a customer of before, only as far as the session may."""
    typed = session[NOTES].get("typed") or {}
    update = session[NOTES].get("customer_update") or {}
    own = session["customer"] is not None
    kept = {name: not own or update.get(name) for name in ("address", "name")}
    after = customer | {}
    if session["billing_address_collection"] == "required":
        if kept["address"]:
            after["address"] = _ADDRESS | {"country": typed.get("country") or taxes.HOME}
        if kept["name"]:
            after["name"] = typed.get("name") or customer["name"] or _SOMEBODY
    put_and_emit(change, "customer.updated", customer, after)
    if (session.get("tax_id_collection") or {}).get("enabled") and typed.get("tax_id"):
        given = {"type": "eu_vat", "value": typed["tax_id"]}
        tax_ids.add(change, customer["id"], Params(given))
    return after


def _details(change: Change, customer: Document) -> Document:
    known = [
        {"type": each["type"], "value": each["value"]}
        for each in tax_ids.of_customer(change, customer["id"])
    ]
    return details(customer["email"]) | {
        "address": customer["address"],
        "name": customer["name"],
        "tax_exempt": customer["tax_exempt"],
        "tax_ids": known,
    }


def _with_tax(change: Change, session: Document, customer: Document) -> Document:
    """Return the session with what is to be paid now that it is known where the buyer is."""
    if not session["automatic_tax"]["enabled"]:
        return session
    notes = session[NOTES]
    amount = sum(
        taxes.amount_with_tax(change, customer, item["price"], item["quantity"], off=off)
        for item, off in discounted(change, notes["line_items"], notes["discounts"])
    )
    return session | {
        "automatic_tax": session["automatic_tax"] | {"status": "complete"},
        NOTES: notes | {"amount": amount},
    }


def _intent(change: Change, session: Document) -> Document:
    return payments.new_intent(
        change,
        amount=session[NOTES]["amount"],
        currency=session["currency"],
        customer=session["customer"],
        description="Subscription creation",
    )


def _subscribe(change: Change, session: Document, *, card: str | None, trial_days: int) -> Document:
    prices = [(item["price"], item["quantity"]) for item in session[NOTES]["line_items"]]
    subscription = new_subscription(
        change, customer=session["customer"], prices=prices, trial_days=trial_days
    )
    belongs = {"customer": session["customer"], "subscription": subscription["id"]}
    wanted = session[NOTES].get("discounts", [])
    subscription |= {
        "discounts": discounts.redeem(change, wanted, **belongs),
        "default_payment_method": card,
        "latest_invoice": new_id("in"),
        "metadata": session[NOTES]["subscription_metadata"],
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": session["automatic_tax"]["enabled"],
            "liability": session["automatic_tax"]["liability"],
        },
        "trial_settings": session[NOTES].get("trial_settings") or subscription["trial_settings"],
    }
    emit(change, "customer.subscription.created", change.put(subscription))
    return subscription


def _first_invoice(change: Change, subscription: Document) -> Document:
    trial = subscription["status"] == "trialing"
    invoice = invoices.draft(
        change,
        subscription,
        lines.regular(change, subscription, trial=trial),
        reason="subscription_create",
        invoice_id=subscription["latest_invoice"],
    )
    kept = discounts.left_after(change, subscription, invoice)
    change.put(subscription | {"discounts": kept})
    return invoices.finalize(change, invoice)


def _completed(
    change: Change, session: Document, subscription: Document, *, payment_status: str
) -> Document:
    total = 0 if payment_status == "no_payment_required" else session[NOTES]["amount"]
    invoice = change.fetch("invoice", subscription["latest_invoice"])
    tax = sum(each["amount"] for each in invoice["total_taxes"])
    session = session | {
        "amount_subtotal": total
        - taxes.added(invoice["lines"]["data"])
        + (session["total_details"]["amount_discount"] if total else 0),
        "amount_total": total,
        "total_details": session["total_details"] | {"amount_tax": tax},
        "invoice": subscription["latest_invoice"],
        "payment_status": payment_status,
        "status": "complete",
        "subscription": subscription["id"],
        "url": None,
    }
    emit(change, "checkout.session.completed", change.put(session))
    return session
