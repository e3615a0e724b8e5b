"""What is charged next: Stripe's own preview, with all that it counts, and never a sum of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from billing import deadlines, gateway, scheduled_changes, stripe_sync
from billing.models import Subscription

log = structlog.get_logger(__name__)
# A page shows all the rest without it; so nobody waits for it as long as for a change.
PATIENCE_SECONDS = 4.0
Document = dict[str, Any]


class NotTold(Exception):
    """Stripe could not be asked, or would not say."""


@dataclass(frozen=True, kw_only=True)
class NextCharge:
    """The next invoice, in minor units: what is to be paid, and how that comes about."""

    at: datetime | None
    amount: int
    currency: str
    subtotal: int
    discount: int
    tax: int
    credit_used: int
    credit: int  # what there is before this invoice


def next_charge(row: Subscription) -> NextCharge | None:
    """Return what is charged next, planned changes included; None if nothing is. Raises `NotTold`."""
    schedule_id = row.schedule_id if scheduled_changes.waits(row) else ""
    try:
        with deadlines.request_deadline(min(PATIENCE_SECONDS, deadlines.seconds_left())):
            invoice = gateway.upcoming_invoice(row.pk, schedule_id=schedule_id)
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("next charge not told", subscription=row.pk, error=str(error))
        raise NotTold(str(error)) from error
    return None if invoice is None else charge_of(invoice)


def charge_of(invoice: Document) -> NextCharge:
    """Read what an invoice that is still to come asks for."""
    balance = invoice.get("starting_balance") or 0
    total, due = invoice["total"], invoice["amount_due"]
    return NextCharge(
        at=stripe_sync.moment(invoice.get("period_end")),
        amount=due,
        currency=str(invoice["currency"]),
        subtotal=invoice["subtotal"],
        discount=_sum(invoice.get("total_discount_amounts")),
        tax=_sum(invoice.get("total_taxes")),
        credit_used=max(0, total - due) if balance < 0 else 0,
        credit=max(0, -balance),
    )


def _sum(parts: list[Document] | None) -> int:
    return sum(part["amount"] for part in parts or ())
