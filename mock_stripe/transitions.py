"""How a subscription moves from one status to another, with all that Stripe does on the way."""

from __future__ import annotations

from collections.abc import Callable

from mock_stripe import invoices, payments
from mock_stripe.cancellation import cancel_now
from mock_stripe.customers import ASKS, DECLINES, card_number
from mock_stripe.errors import ApiError, card_declined
from mock_stripe.events import emit, previous_of, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.lines import items_of, regular
from mock_stripe.periods import next_period_end
from mock_stripe.store import Change
from mock_stripe.subscribing import restarted
from mock_stripe.table import Document

# What `payment_behavior` may ask for beside the usual `allow_incomplete`.
_OR_NOTHING, _LATER = "error_if_incomplete", "default_incomplete"
BEHAVIOURS = ("allow_incomplete", _OR_NOTHING, _LATER)
_OWING = ("past_due", "unpaid", "incomplete")
_TRIAL_SECONDS = 14 * 86_400
UPDATED = "customer.subscription.updated"


def move(change: Change, subscription: Document, status: str) -> Document:
    """Bring a subscription to a status. Raises ApiError 409 if it has ended."""
    if subscription["ended_at"] is not None:
        raise ApiError(409, f"{subscription['id']} has ended and stays {subscription['status']}.")
    return _MOVES.get(status, _rename(status))(change, subscription)


def renew(change: Change, before: Document, *, succeeds: bool = True) -> Document:
    """Begin the period that follows the current one, and charge for it."""
    ahead = [
        item
        | {
            "current_period_start": item["current_period_end"],
            "current_period_end": next_period_end(before, item),
        }
        for item in items_of(before)
    ]
    after = before | {"items": before["items"] | {"data": ahead}}
    return _begin_period(change, before, after, succeeds=succeeds)


def bill_change(
    change: Change, subscription: Document, lines: list[Document], *, behaviour: str
) -> Document:
    """Charge at once for a change, and return the subscription with its new latest invoice.

    What becomes of it when the card does not pay, `payment_behavior` says: an error, with nothing
    changed, or a subscription that is past due; with `default_incomplete` no card is tried.
    """
    after = _billed(
        change, subscription, lines, reason="subscription_update", tries=behaviour != _LATER
    )
    invoice = change.fetch("invoice", after["latest_invoice"])
    if invoice["status"] == "paid":
        return after
    if behaviour == _OR_NOTHING:
        raise _unpaid(change, subscription["default_payment_method"])
    return after | {"status": "past_due"}


def _unpaid(change: Change, card: str | None) -> ApiError:
    if card_number(change, card) == ASKS:
        return ApiError(
            402,
            "Payment for this subscription requires additional user action before it can be "
            "completed successfully.",
            kind="card_error",
            code="subscription_payment_intent_requires_action",
        )
    return card_declined()


def pay_latest(change: Change, before: Document) -> Document:
    """Pay the invoice that a subscription owes; it is active after."""
    invoice = change.get("invoice", before["latest_invoice"])
    if invoice is not None and invoice["status"] == "open":
        pay_invoice(change, invoice, card=before["default_payment_method"])
    return put_and_emit(change, UPDATED, before, before | {"status": "active"})


def pay_owed(change: Change, invoice: Document, *, card: str | None = None) -> Document:
    """Pay an open invoice; the subscription that waited for just this one is active after."""
    details = invoice["parent"]["subscription_details"]
    subscription = change.get("subscription", details["subscription"])
    if subscription is None or subscription["ended_at"] is not None:
        return pay_invoice(change, invoice, card=card)
    if subscription["latest_invoice"] == invoice["id"] and subscription["status"] in _OWING:
        pay_latest(change, subscription)
        return change.fetch("invoice", invoice["id"])
    return pay_invoice(change, invoice, card=card or subscription["default_payment_method"])


def pay_invoice(change: Change, invoice: Document, *, card: str | None) -> Document:
    """Charge the card for an open invoice, with success."""
    if invoice["amount_due"] == 0:
        return invoices.settle(change, invoice, None)
    intent = payments.succeed(change, invoices.intent_for(change, invoice), card=card)
    return invoices.settle(change, invoice, intent)


def refuse_invoice(change: Change, invoice: Document, *, card: str | None) -> Document:
    """Charge the card for an open invoice, in vain: its bank declines, or asks its owner."""
    tried = payments.ask_bank if card_number(change, card) == ASKS else payments.decline
    intent = tried(change, invoices.intent_for(change, invoice), card=card)
    return invoices.fail(change, invoice, intent)


def _activate(change: Change, before: Document) -> Document:
    if before["status"] == "trialing":
        return _begin_period(
            change, before, restarted(before, change.now) | {"trial_end": change.now}
        )
    if before["status"] == "paused":
        after = restarted(before, change.now) | {"status": "active"}
        after = _billed(
            change, after, regular(change, after), reason="subscription_cycle", succeeds=True
        )
        put_and_emit(change, UPDATED, before, after)
        emit(change, "customer.subscription.resumed", after, previous_of(before, after))
        return after
    return pay_latest(change, before)


def _fall_behind(change: Change, before: Document) -> Document:
    invoice = change.get("invoice", before["latest_invoice"])
    if invoice is not None and invoice["status"] == "open":
        refuse_invoice(change, invoice, card=before["default_payment_method"])
        return put_and_emit(change, UPDATED, before, before | {"status": "past_due"})
    after = restarted(before, change.now)
    if before["status"] == "trialing":
        after["trial_end"] = change.now
    return _begin_period(change, before, after, succeeds=False)


def _give_up(change: Change, before: Document) -> Document:
    if before["status"] not in {"past_due", "unpaid"}:
        before = _fall_behind(change, before)
    return put_and_emit(change, UPDATED, before, before | {"status": "unpaid"})


def _pause(change: Change, before: Document) -> Document:
    after = put_and_emit(change, UPDATED, before, before | {"status": "paused"})
    emit(change, "customer.subscription.paused", after, previous_of(before, after))
    return after


def _start_trial(change: Change, before: Document) -> Document:
    end = change.now + _TRIAL_SECONDS
    period = {"current_period_start": change.now, "current_period_end": end}
    items = [item | period for item in items_of(before)]
    after = before | {
        "billing_cycle_anchor": end,
        "items": before["items"] | {"data": items},
        "status": "trialing",
        "trial_end": end,
        "trial_start": change.now,
    }
    return put_and_emit(change, UPDATED, before, after)


def _cancel(change: Change, before: Document) -> Document:
    reason = "payment_failed" if before["status"] in {"past_due", "unpaid"} else (
        "cancellation_requested"
    )  # fmt: skip
    return cancel_now(change, before, reason=reason)


def _expire(change: Change, before: Document) -> Document:
    invoice = change.get("invoice", before["latest_invoice"])
    if invoice is not None and invoice["status"] == "open":
        invoices.void(change, invoice)
    after = before | {"ended_at": change.now, "status": "incomplete_expired"}
    return put_and_emit(change, UPDATED, before, after)


def _rename(status: str) -> Callable[[Change, Document], Document]:
    def renamed(change: Change, before: Document) -> Document:
        return put_and_emit(change, UPDATED, before, before | {"status": status})

    return renamed


_MOVES: dict[str, Callable[[Change, Document], Document]] = {
    "active": _activate,
    "trialing": _start_trial,
    "past_due": _fall_behind,
    "unpaid": _give_up,
    "paused": _pause,
    "canceled": _cancel,
    "incomplete": _rename("incomplete"),
    "incomplete_expired": _expire,
}
STATUSES = tuple(_MOVES)


def _begin_period(
    change: Change, before: Document, after: Document, *, succeeds: bool = True
) -> Document:
    if after["pause_collection"] is None:
        after = _billed(
            change, after, regular(change, after), reason="subscription_cycle", succeeds=succeeds
        )
        paid = change.fetch("invoice", after["latest_invoice"])["status"] == "paid"
        after |= {"status": "active" if paid else "past_due"}
    else:
        after = _noted(change, after)
    return put_and_emit(change, UPDATED, before, after)


def _noted(change: Change, subscription: Document) -> Document:
    """Make the period's invoice as paused collection wants it: nobody is charged."""
    lines = regular(change, subscription)
    invoice = invoices.draft(change, subscription, lines, reason="subscription_cycle")
    if subscription["pause_collection"]["behavior"] == "void":
        invoices.void(change, invoices.finalize(change, invoice))
    return subscription | {"latest_invoice": invoice["id"], "status": "active"}


def _billed(
    change: Change,
    subscription: Document,
    lines: list[Document],
    *,
    reason: str,
    succeeds: bool = True,
    tries: bool = True,
) -> Document:
    notes = subscription[NOTES]
    invoice = invoices.draft(change, subscription, [*notes["pending_lines"], *lines], reason=reason)
    invoice = invoices.finalize(change, invoice)
    card = subscription["default_payment_method"]
    good = succeeds and card_number(change, card) not in {DECLINES, ASKS}
    if (good and tries) or invoice["amount_due"] == 0:
        pay_invoice(change, invoice, card=card)
    elif tries:
        refuse_invoice(change, invoice, card=card)
    return subscription | {
        "latest_invoice": invoice["id"],
        NOTES: notes | {"pending_lines": []},
    }
