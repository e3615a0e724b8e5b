"""Copies of Stripe's objects: lock our row, fetch the object fresh, write. Never the other way.

Events repeat and come in any order, so what they say is not copied; fetching before locking would
let an older answer overwrite a newer one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import structlog
from django.db import transaction
from django.utils import timezone

from billing import gateway, stripe_account, subscription_items
from billing.models import Customer, Invoice, Mirrored, Payment, StripeEvent, Subscription
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
Row = TypeVar("Row", bound=Mirrored)
Document = dict[str, Any]


def sync_subscription(*, subscription_id: str) -> Subscription | None:
    """Mirror a subscription; None if Stripe never showed us one of that id."""
    return _sync(Subscription, subscription_id, gateway.subscription, _write_subscription)


def sync_payment(*, payment_intent_id: str) -> Payment | None:
    """Mirror a payment intent; None if Stripe never showed us one of that id."""
    return _sync(Payment, payment_intent_id, _payment_with_dispute, _write_payment)


def sync_invoice(*, invoice_id: str) -> Invoice | None:
    """Mirror an invoice; None if Stripe never showed us one of that id."""
    return _sync(Invoice, invoice_id, gateway.invoice, _write_invoice)


def _sync(
    model: type[Row],
    object_id: str,
    fetch: Callable[[str], Document | None],
    write: Callable[[Row, Document], None],
) -> Row | None:
    # Committed by itself, so that `link_customer` sees the row and waits for its lock.
    model._default_manager.get_or_create(pk=object_id)
    with transaction.atomic():
        row = model._default_manager.select_for_update().filter(pk=object_id).first()
        if row is None:  # the handler before us found it gone at Stripe, and took the row away
            return None
        fresh = fetch(object_id)
        if fresh is None:
            what = f"{model._meta.verbose_name} {object_id}"
            stripe_account.confirm_gone(what, customer_id=row.customer_id, held=bool(row.synced_at))
            return _mark_gone(row)
        return _record(row, fresh, write)


def record_subscription(locked: Subscription, fresh: Document) -> Subscription:
    """Write what Stripe has just answered to a row that the caller locked before asking."""
    return _record(locked, fresh, _write_subscription)


def _record(row: Row, fresh: Document, write: Callable[[Row, Document], None]) -> Row:
    row.synced_at = timezone.now()
    row.gone_at = None
    _fill(row, fresh, write)
    row.save()
    stripe_account.note_account(row.customer_id)
    return row


def _fill(row: Row, fresh: Document, write: Callable[[Row, Document], None]) -> Row:
    row.customer_id = id_of(fresh.get("customer"))
    row.tenant = row.tenant or tenant_of(row.customer_id)
    row.created_at = moment(fresh.get("created"))
    write(row, fresh)
    return row


def subscription_shown(fresh: Document, *, held: Subscription | None) -> Subscription:
    """Return the row that a subscription at Stripe asks for, unsaved: to compare ours with."""
    known = held.item_id if held else ""
    return _fill(Subscription(pk=fresh["id"], item_id=known), fresh, _write_subscription)


def invoice_shown(fresh: Document) -> Invoice:
    """Return the row that an invoice at Stripe asks for, unsaved: to compare ours with."""
    return _fill(Invoice(pk=fresh["id"]), fresh, _write_invoice)


@transaction.atomic
def sync_customer(*, customer_id: str) -> Customer | None:
    """Note whether a customer of ours is still there; None if it is not one of ours."""
    row = Customer.objects.select_for_update(of=("self",)).filter(pk=customer_id).first()
    if row is None:
        return None
    gone = gateway.customer(customer_id) is None
    if gone:
        stripe_account.confirm_gone(f"customer {customer_id}", customer_id=customer_id)
    row.gone_at = (row.gone_at or timezone.now()) if gone else None
    row.save(update_fields=["gone_at"])
    return row


def _mark_gone(row: Row) -> Row | None:
    if row.synced_at is None:
        row.delete()
        return None
    row.gone_at = row.gone_at or timezone.now()
    row.save(update_fields=["gone_at"])
    return row


def _write_subscription(row: Subscription, fresh: Document) -> None:
    all_items = subscription_items.of(fresh)
    item = subscription_items.plans_item(all_items, known=row.item_id) or {}
    row.status = str(fresh.get("status") or "")
    # Kept when it is gone: without it, an add-on alone would look like a plan that is new to us.
    row.item_id = id_of(item) or row.item_id
    row.quantity = item.get("quantity") or 1
    _write_price(row, item.get("price"))
    # Since API 2025-03-31 the period stands on the items; add-ons alone have one, too.
    timed = item or next(iter(all_items), {})
    row.renewal_amount = (
        subscription_items.renewal_amount(all_items, with_item=timed) if timed else None
    )
    row.current_period_start = moment(timed.get("current_period_start"))
    row.current_period_end = moment(timed.get("current_period_end"))
    row.trial_end = moment(fresh.get("trial_end"))
    row.cancel_at = moment(fresh.get("cancel_at"))
    row.cancel_at_period_end = bool(fresh.get("cancel_at_period_end"))
    row.canceled_at = moment(fresh.get("canceled_at"))
    row.ended_at = moment(fresh.get("ended_at"))
    row.collection_paused = fresh.get("pause_collection") is not None
    row.past_due_since = _past_due_since(row, fresh)


def _write_price(row: Subscription, price: Any) -> None:
    details = price if isinstance(price, dict) else {}
    row.price_id = id_of(price)
    row.unit_amount = details.get("unit_amount")
    row.currency = str(details.get("currency") or "")
    row.interval = str((details.get("recurring") or {}).get("interval") or "")
    row.plan = subscription_items.plan_of(price) or row.plan


def _past_due_since(row: Subscription, fresh: Document) -> datetime | None:
    """Return when the unpaid invoice was made; a later unpaid one doesn't start the grace anew."""
    if row.status != "past_due":
        return None
    invoice = fresh.get("latest_invoice")
    made = moment(invoice.get("created")) if isinstance(invoice, dict) else None
    return row.past_due_since or made or row.current_period_start or timezone.now()


def _write_invoice(row: Invoice, fresh: Document) -> None:
    row.status = str(fresh.get("status") or "")
    row.number = str(fresh.get("number") or "")
    row.subscription_id = subscription_of_invoice(fresh)
    row.amount_due = fresh.get("amount_due") or 0
    row.amount_paid = fresh.get("amount_paid") or 0
    row.currency = str(fresh.get("currency") or "")
    row.hosted_url = str(fresh.get("hosted_invoice_url") or "")
    row.pdf_url = str(fresh.get("invoice_pdf") or "")
    row.next_attempt_at = moment(fresh.get("next_payment_attempt"))
    row.attempt_count = fresh.get("attempt_count") or 0
    row.bank_asks = row.status == "open" and any(map(_bank_asks, _intents_of(fresh)))


def _intents_of(invoice: Document) -> Iterator[Document]:
    """Yield the payment intents of an invoice that was fetched with its payments."""
    for payment in (invoice.get("payments") or {}).get("data") or ():
        intent = (payment.get("payment") or {}).get("payment_intent")
        if isinstance(intent, dict):
            yield intent


def _bank_asks(intent: Document) -> bool:
    # Asked for while nobody was there to confirm, it may show as a declined card.
    error = intent.get("last_payment_error") or {}
    asked_in_absence = error.get("code") == "authentication_required"
    return intent.get("status") == "requires_action" or asked_in_absence


def subscription_of_invoice(invoice: Document) -> str:
    """Return the id of the subscription that an invoice is for; since API 2025-03-31 in `parent`."""
    parent = invoice.get("parent") or {}
    details = parent.get("subscription_details") or {}
    return id_of(details.get("subscription"))


def _payment_with_dispute(payment_intent_id: str) -> Document | None:
    fresh = gateway.payment_intent(payment_intent_id)
    if fresh is not None and _charge_of(fresh).get("disputed"):
        fresh["dispute"] = gateway.dispute_about(payment_intent_id)
    return fresh


def _charge_of(intent: Document) -> Document:
    charge = intent.get("latest_charge")
    return charge if isinstance(charge, dict) else {}


def _write_payment(row: Payment, fresh: Document) -> None:
    row.status = str(fresh.get("status") or "")
    row.amount = fresh.get("amount") or 0
    row.amount_received = fresh.get("amount_received") or 0
    row.currency = str(fresh.get("currency") or "")
    error = fresh.get("last_payment_error") or {}
    row.error = str(error.get("message") or error.get("code") or "")[:300]
    row.amount_refunded = _charge_of(fresh).get("amount_refunded") or 0
    dispute = fresh.get("dispute") or {}
    row.dispute_status = str(dispute.get("status") or "")
    row.dispute_due_by = moment((dispute.get("evidence_details") or {}).get("due_by"))


def link_customer(*, customer_id: str, tenant: Tenant) -> None:
    """Remember whose customer this is, and give the tenant what came in before it was known."""
    if not customer_id:
        return
    customer, _created = Customer.objects.get_or_create(pk=customer_id, defaults={"tenant": tenant})
    if customer.tenant_id != tenant.pk:
        log.error("customer belongs to another tenant", customer=customer_id)
        return
    stripe_account.note_account(customer_id)
    for model in (Subscription, Payment, Invoice):
        waiting = model._default_manager.filter(customer_id=customer_id, tenant__isnull=True)
        ids = list(waiting.values_list("pk", flat=True))
        waiting.update(tenant=tenant)
        StripeEvent.objects.filter(object_id__in=ids, tenant__isnull=True).update(tenant=tenant)


def tenant_of(customer_id: str) -> Tenant | None:
    """Return the tenant that a customer pays for, if known by now."""
    customer = Customer.objects.select_related("tenant").filter(pk=customer_id).first()
    return customer.tenant if customer else None


def id_of(reference: Any) -> str:
    """Return the id of something that Stripe gives as an id, an expanded object or null."""
    if isinstance(reference, dict):
        reference = reference.get("id")
    return reference if isinstance(reference, str) else ""


def moment(seconds: Any) -> datetime | None:
    """Return Stripe's Unix seconds as a time in UTC, or None."""
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int | float) else None
