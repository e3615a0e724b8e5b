"""Invoices of before their sums and lines were kept: asked for again, a few at a time."""

from __future__ import annotations

from django.db.models import F, QuerySet

from billing import stripe_sync
from billing.models import Invoice
from public_apps.core.sweeps import Sweep

MOST_AT_ONCE = 100


def _incomplete() -> QuerySet[Invoice]:
    """Return invoices whose sums nobody has asked for."""
    unknown = Invoice.objects.filter(total__isnull=True, synced_at__isnull=False, gone_at=None)
    return unknown.exclude(status__in=("", "draft"))


def _complete(invoice: Invoice) -> None:
    """Mirror an invoice once more, with all that it says."""
    stripe_sync.sync_invoice(invoice_id=invoice.pk)


SWEEP: Sweep[Invoice] = Sweep(
    name="complete_documents",
    rows=_incomplete,
    work=_complete,
    named=lambda invoice: invoice.pk,
    order=(F("created_at").desc(nulls_last=True),),
    most=MOST_AT_ONCE,
    atomic=False,  # it locks, asks Stripe, and writes in a transaction of its own
)
