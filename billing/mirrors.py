"""The kinds of object that we mirror: how Stripe shows each, and what we compare of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from billing import gateway, stripe_account, stripe_sync
from billing.differences import Difference, Kind, compared, difference, one
from billing.models import Invoice, Mirrored, Payment, Subscription
from billing.stripe_account import KeyOwner

Document = dict[str, Any]
SUBSCRIPTION_FIELDS = (
    "tenant_id", "customer_id", "status", "price_id", "quantity", "renewal_amount", "interval_count",
    "current_period_start", "current_period_end", "trial_end", "cancel_at",
    "cancel_at_period_end", "canceled_at", "ended_at", "collection_paused",
    "pending_price_id", "schedule_id", "scheduled_price_id", "gone_at",
)  # fmt: skip
PAYMENT_FIELDS = (
    "tenant_id", "customer_id", "status", "amount", "amount_received", "amount_refunded",
    "dispute_status", "gone_at",
)  # fmt: skip
INVOICE_FIELDS = (
    "tenant_id", "customer_id", "status", "subscription_id", "amount_due", "amount_paid",
    "amount_credited", "due_at", "gone_at",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """A kind of object that we mirror: how Stripe shows it, and what we compare of it."""

    kind: Kind
    model: type[Mirrored]
    fields: tuple[str, ...]
    fetch: Callable[[str], Document]
    shown: Callable[[Document, Any], Mirrored]  # of a document, and of our row if there is one
    listed: Callable[..., Iterator[Document]]
    standing: Q  # which rows are looked up however old they are
    is_quiet: Callable[[Document], bool]  # whether nothing was to be told to us yet


def _is_quiet_invoice(document: Document) -> bool:
    untried = document["status"] == "open" and not document.get("attempt_count")
    return document["status"] == "draft" or untried


def _is_quiet_payment(document: Document) -> bool:
    return document["status"] != "succeeded" and not document.get("last_payment_error")


SUBSCRIPTIONS = Mirror(
    kind=Kind.SUBSCRIPTION,
    model=Subscription,
    fields=SUBSCRIPTION_FIELDS,
    fetch=gateway.subscription,
    shown=lambda document, row: stripe_sync.subscription_shown(document, held=row),
    listed=gateway.subscriptions,
    standing=Q(),
    is_quiet=lambda _document: False,
)
INVOICES = Mirror(
    kind=Kind.INVOICE,
    model=Invoice,
    fields=INVOICE_FIELDS,
    fetch=gateway.invoice,
    shown=lambda document, _row: stripe_sync.invoice_shown(document),
    listed=gateway.invoices,
    standing=Q(status="open"),
    is_quiet=_is_quiet_invoice,
)
PAYMENTS = Mirror(
    kind=Kind.PAYMENT,
    model=Payment,
    fields=PAYMENT_FIELDS,
    fetch=gateway.payment_intent,
    shown=lambda document, _row: stripe_sync.payment_shown(document),
    listed=gateway.payment_intents,
    standing=Q(status="processing"),
    is_quiet=_is_quiet_payment,
)


def looked_up(of: Mirror, row: Mirrored, owner: KeyOwner) -> Iterator[Difference]:
    """Compare what no list has shown: it is gone, old, or of a customer that is not this tenant's."""
    if row.gone_at is None:
        yield from one(row.pk, row.tenant, _asked(of, row, owner))


def _asked(of: Mirror, row: Mirrored, owner: KeyOwner) -> Iterator[Difference]:
    document = stripe_account.found(
        lambda: of.fetch(row.pk),
        f"{of.kind} {row.pk}",
        customer_id=row.customer_id,
        held=True,
        owner=owner,
    )
    if document is None:
        told = row.status or "noted"
        yield difference(of.kind, row.pk, row.tenant, "existence", told, "gone")
    else:
        yield from compared(of.kind, row, of.shown(document, row), of.fields)
