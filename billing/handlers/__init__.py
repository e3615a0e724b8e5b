"""What each type of Stripe event does: a doorbell rings, and we look for ourselves.

A handler takes the event's `data.object`, reads ids from it and nothing else (its shape depends on
the API version of whoever rendered it), and fetches the object fresh.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing import stripe_account
from billing.handlers import (
    charge,
    checkout_session,
    credit_note,
    customer,
    invoice,
    payment_intent,
    subscription,
)
from billing.models import StripeEvent
from billing.outcomes import Ignored, Outcome
from public_apps.monitoring import counters

Handler = Callable[[dict[str, Any]], Outcome]

HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": checkout_session.changed,
    "checkout.session.async_payment_succeeded": checkout_session.changed,
    "checkout.session.async_payment_failed": checkout_session.payment_failed,
    "checkout.session.expired": checkout_session.changed,
    "payment_intent.succeeded": payment_intent.changed,
    "payment_intent.payment_failed": payment_intent.changed,
    "payment_intent.canceled": payment_intent.changed,
    "customer.deleted": customer.deleted,
    "customer.updated": customer.changed,
    "customer.subscription.created": subscription.changed,
    "customer.subscription.updated": subscription.changed,
    "customer.subscription.deleted": subscription.changed,
    "customer.subscription.paused": subscription.changed,
    "customer.subscription.resumed": subscription.changed,
    "customer.subscription.pending_update_applied": subscription.changed,
    "customer.subscription.pending_update_expired": subscription.changed,
    "customer.subscription.trial_will_end": subscription.trial_will_end,
    "subscription_schedule.updated": subscription.schedule_changed,
    "subscription_schedule.released": subscription.schedule_changed,
    "subscription_schedule.canceled": subscription.schedule_changed,
    "subscription_schedule.aborted": subscription.schedule_changed,
    "subscription_schedule.completed": subscription.schedule_changed,
    "invoice.finalized": invoice.changed,
    "invoice.finalization_failed": invoice.stuck,
    "invoice.marked_uncollectible": invoice.changed,
    "invoice.voided": invoice.changed,
    "invoice.paid": invoice.changed,
    "invoice.payment_failed": invoice.payment_failed,
    "invoice.payment_action_required": invoice.action_required,
    "credit_note.created": credit_note.changed,
    "credit_note.updated": credit_note.changed,
    "credit_note.voided": credit_note.changed,
    "invoice.overdue": invoice.overdue,
    "charge.refunded": charge.refunded,
    "refund.updated": charge.refund_changed,
    "charge.dispute.created": charge.disputed,
    "charge.dispute.closed": charge.disputed,
    "refund.failed": charge.refund_failed,
    "radar.early_fraud_warning.created": charge.fraud_warned,
}


# The first failure of a type is seen as one, and not as a series that is born.
for _kind in HANDLERS:
    counters.WEBHOOK_ANSWERS.begin_at_zero(_kind, "stored")
    for _outcome in ("done", "ignored", "failed", "put_off", "given_up"):
        counters.EVENT_ATTEMPTS.begin_at_zero(_kind, _outcome)


def handle(event: StripeEvent) -> Outcome:
    """Let an event have its effect, once more if it had it before; raises what its handler raises."""
    handler = HANDLERS.get(event.type)
    if handler is None:
        return Ignored(reason="We do not act on this type.")
    with stripe_account.telling_staff():
        return handler(event.payload["data"]["object"])
