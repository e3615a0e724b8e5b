"""How a subscription moves from one status to another, with all that Stripe does on the way."""

from __future__ import annotations

from collections.abc import Callable

from mock_stripe import discounts, invoices, payments, pending_updates, scheduled_phases
from mock_stripe.cancellation import cancel_now
from mock_stripe.customers import ASKS, DECLINES, card_number, card_of
from mock_stripe.errors import ApiError, card_declined
from mock_stripe.events import emit, previous_of, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.lines import items_of, regular, renewed
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


def renew(
    change: Change, before: Document, *, succeeds: bool = True, slowly: bool = False
) -> Document:
    """Begin the period that follows the current one, and charge for it.

    `slowly`: by a SEPA debit, whose end is known in days; until then the subscription is active.
    """
    if before["status"] == "trialing" and without_card(change, before):
        return _end_trial_without_card(change, before)
    planned = scheduled_phases.ahead(change, before)
    ahead = {item["id"]: item for item in renewed(planned)}
    data = [ahead.get(item["id"], item) for item in items_of(planned)]
    after = planned | {
        "items": planned["items"] | {"data": data},
        "schedule": scheduled_phases.follow_renewal(change, before),
    }
    return _begin_period(
        change, before, after, items=[*ahead.values()], succeeds=succeeds, slowly=slowly
    )


def without_card(change: Change, subscription: Document) -> bool:
    """Say whether a subscription that is charged by itself has nothing to be charged to."""
    by_itself = subscription["collection_method"] == "charge_automatically"
    return by_itself and not card_of(change, subscription)


def _end_trial_without_card(change: Change, before: Document) -> Document:
    """Do what `trial_settings` says for a trial that ends and nobody has left a card."""
    behaviour = before["trial_settings"]["end_behavior"]["missing_payment_method"]
    if behaviour == "cancel":
        return cancel_now(change, before, reason="cancellation_requested")
    if behaviour == "pause":
        return _pause(change, before)
    after = restarted(before, change.now)
    return _begin_period(change, before, after, items=items_of(after), succeeds=False)


def bill_change(
    change: Change,
    subscription: Document,
    lines: list[Document],
    *,
    before: Document,
    behaviour: str,
) -> Document:
    """Charge at once for a change, and return the subscription with its new latest invoice.

    What becomes of it when the card does not pay, `payment_behavior` says: an error, with nothing
    changed, the change waiting beside what was `before`, or a subscription that is past due; with
    `default_incomplete` no card is tried.
    """
    after = billed(
        change, subscription, lines, reason="subscription_update", tries=behaviour != _LATER
    )
    invoice = change.fetch("invoice", after["latest_invoice"])
    if invoice["status"] == "paid" or invoice["collection_method"] == invoices.BY_INVOICE:
        return after
    if behaviour == _OR_NOTHING:
        raise unpaid(change, card_of(change, subscription))
    if behaviour == pending_updates.PENDING:
        return pending_updates.hold(change, before, after)
    return after | {"status": "past_due"}


def unpaid(change: Change, card: str | None) -> ApiError:
    """Return the error that a charge ends with which its card did not pay."""
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
        pay_invoice(change, invoice, card=card_of(change, before))
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
    paid = pay_invoice(change, invoice, card=card or card_of(change, subscription))
    if pending_updates.is_for(subscription, invoice):
        pending_updates.apply(change, change.fetch("subscription", subscription["id"]))
    return paid


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
        after = restarted(before, change.now) | {"trial_end": change.now}
        return _begin_period(change, before, after, items=items_of(after))
    if before["status"] == "paused":
        after = restarted(before, change.now) | {"status": "active"}
        after = billed(
            change, after, regular(change, after), reason="subscription_cycle", succeeds=True
        )
        put_and_emit(change, UPDATED, before, after)
        emit(change, "customer.subscription.resumed", after, previous_of(before, after))
        return after
    return pay_latest(change, before)


def _fall_behind(change: Change, before: Document) -> Document:
    invoice = change.get("invoice", before["latest_invoice"])
    if invoice is not None and invoice["status"] == "open":
        refuse_invoice(change, invoice, card=card_of(change, before))
        return put_and_emit(change, UPDATED, before, before | {"status": "past_due"})
    after = restarted(before, change.now)
    if before["status"] == "trialing":
        after["trial_end"] = change.now
    return _begin_period(change, before, after, items=items_of(after), succeeds=False)


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
    change: Change,
    before: Document,
    after: Document,
    *,
    items: list[Document],
    succeeds: bool = True,
    slowly: bool = False,
) -> Document:
    lines = regular(change, after, items=items)
    if after["pause_collection"] is None:
        after = billed(
            change,
            after,
            lines,
            reason="subscription_cycle",
            succeeds=succeeds,
            tries=not slowly,
        )
        invoice = change.fetch("invoice", after["latest_invoice"])
        if slowly and invoice["status"] == "open":
            _debit_slowly(change, invoice, card=card_of(change, after))
        after |= {"status": _status_with(invoice, before, waits=slowly)}
    else:
        after = _noted(change, after, lines)
    return put_and_emit(change, UPDATED, before, after)


def _debit_slowly(change: Change, invoice: Document, *, card: str | None) -> None:
    intent = invoices.intent_for(change, invoice)
    intent = payments.start_processing(change, intent, card=card)
    invoices.await_payment(change, invoice, intent)


def _status_with(invoice: Document, before: Document, *, waits: bool) -> str:
    """Return the status of a subscription with its period's invoice: what is sent has its time."""
    by_invoice = invoice["collection_method"] == invoices.BY_INVOICE
    if by_invoice and before["status"] in _OWING:
        return str(before["status"])
    return "active" if waits or by_invoice or invoice["status"] == "paid" else "past_due"


def fall_due(change: Change, invoice: Document) -> None:
    """Let a sent invoice's day pass: its subscription is past due from now on."""
    invoices.fall_due(change, invoice)
    details = invoice["parent"]["subscription_details"]
    subscription = change.get("subscription", details["subscription"])
    if subscription is not None and subscription["status"] == "active":
        put_and_emit(change, UPDATED, subscription, subscription | {"status": "past_due"})


def _noted(change: Change, subscription: Document, lines: list[Document]) -> Document:
    """Make the period's invoice as paused collection wants it: nobody is charged."""
    invoice = invoices.draft(change, subscription, lines, reason="subscription_cycle")
    if subscription["pause_collection"]["behavior"] == "void":
        invoices.void(change, invoices.finalize(change, invoice))
    return subscription | {"latest_invoice": invoice["id"], "status": "active"}


def billed(
    change: Change,
    subscription: Document,
    lines: list[Document],
    *,
    reason: str,
    succeeds: bool = True,
    tries: bool = True,
) -> Document:
    """Bill these lines, and charge the card unless that is not to be tried; return the subscription."""
    notes = subscription[NOTES]
    invoice = invoices.draft(change, subscription, [*notes["pending_lines"], *lines], reason=reason)
    invoice = invoices.finalize(change, invoice)
    card = card_of(change, subscription)
    tries = tries and invoice["collection_method"] != invoices.BY_INVOICE
    good = succeeds and card_number(change, card) not in {DECLINES, ASKS}
    if (good and tries) or invoice["amount_due"] == 0:
        pay_invoice(change, invoice, card=card)
    elif tries:
        refuse_invoice(change, invoice, card=card)
    return subscription | {
        "discounts": discounts.left_after(change, subscription, invoice),
        "latest_invoice": invoice["id"],
        NOTES: notes | {"pending_lines": []},
    }
