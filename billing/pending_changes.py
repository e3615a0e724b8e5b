"""A change that waits for its payment: asked for at Stripe, and without effect until somebody confirms.

Stripe keeps it beside the subscription as `pending_update`, with an invoice that is open; when that is
paid the change comes into force, when it is voided or the time is over the change is dropped.
https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from billing import intervals, subscription_items
from billing.models import Invoice, Price, Subscription
from billing.plans import in_readers_language
from public_apps.core import clock

Document = dict[str, Any]
PLAN, RESUMPTION = "plan", "resumption"
# Such payments take days, so Stripe lets no change wait for them.
BANK_DEBITS = frozenset(
    {
        "sepa_debit",
        "bacs_debit",
        "au_becs_debit",
        "acss_debit",
        "us_bank_account",
        "nz_bank_account",
    }
)
# Our clock may be a little behind Stripe's.
_SLACK = timedelta(minutes=1)


def write(row: Subscription, fresh: Document) -> None:
    """Note on a mirrored subscription what waits, and what has waited for too long.

    Call it when all else has been written: whether a change was made is seen in that.
    """
    before, now = row.pending_change, _told(row, fresh)
    row.pending_change = now
    if now:
        row.lapsed_change = None
    elif before:
        row.lapsed_change = before if _has_lapsed(before, row) else None
    elif row.lapsed_change and _is_made(row.lapsed_change, row):
        row.lapsed_change = None


def _told(row: Subscription, fresh: Document) -> Document | None:
    update = fresh.get("pending_update")
    if not update:
        return None
    known: Document | None = row.pending_change
    if known and known["expires_at"] == update.get("expires_at"):
        return known  # another invoice may be the latest by now
    invoice = fresh.get("latest_invoice")
    details = invoice if isinstance(invoice, dict) else {"id": invoice}
    items = update.get("subscription_items") or []
    item = subscription_items.plans_item(items, known=row.item_id) or {}
    price = item.get("price")
    return {
        "kind": RESUMPTION if fresh.get("status") == "paused" else PLAN,
        "price": str(price.get("id") if isinstance(price, dict) else price or ""),
        "expires_at": update.get("expires_at"),
        "invoice": str(details.get("id") or ""),
        "url": str(details.get("hosted_invoice_url") or ""),
        "amount": details.get("amount_due"),
        "currency": str(details.get("currency") or row.currency),
    }


def _has_lapsed(change: Document, row: Subscription) -> bool:
    by_now = clock.now() + _SLACK
    return by_now.timestamp() >= (change["expires_at"] or 0) and not _is_made(change, row)


def _is_made(change: Document, row: Subscription) -> bool:
    if change["kind"] == RESUMPTION:
        return row.status != "paused"
    return bool(row.price_id == change["price"])


def price_of(change: Document) -> Price | None:
    """Return our price that a change leads to, if it is one of ours."""
    prices = Price.objects.select_related("plan")
    return prices.filter(stripe_price_id=change["price"] or None).first()


def named(change: Document) -> str:
    """Return what a change leads to, as its reader knows it; nothing if that is not ours."""
    price = price_of(change)
    if price is None:
        return ""
    return f"{in_readers_language(price.plan)} ({intervals.every(price.interval, 1)})"


def waits_for(invoice: Invoice) -> bool:
    """Whether a change waits for just this invoice: nobody owes it, for it may be given up."""
    waiting = Subscription.objects.filter(pending_change__invoice=invoice.pk)
    return waiting.filter(pk=invoice.subscription_id).exists()


def without_what_waits(invoices: QuerySet[Invoice], row: Subscription | None) -> QuerySet[Invoice]:
    """Return these without the one that a change of the subscription waits for."""
    if row is None or not row.pending_change:
        return invoices
    return invoices.exclude(pk=row.pending_change["invoice"])


def may_wait(subscription: Document) -> bool:
    """Whether Stripe would let a change of this subscription, with its card expanded, wait."""
    by_itself = subscription.get("collection_method", "charge_automatically")
    return by_itself == "charge_automatically" and BANK_DEBITS.isdisjoint(_methods(subscription))


def is_paid_by_itself(subscription: Document) -> bool:
    """Whether a subscription, with its card expanded, has something that it can be charged to."""
    return any(_methods(subscription))


def _methods(subscription: Document) -> Iterator[str]:
    """Yield what kind of thing a subscription is paid with: its own comes before its customer's."""
    customer = subscription.get("customer")
    settings = (customer.get("invoice_settings") or {}) if isinstance(customer, dict) else {}
    for method in (subscription, settings):
        found = method.get("default_payment_method")
        if isinstance(found, dict):
            yield str(found.get("type") or "")
            return
