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
from django.db.models import QuerySet

from billing import (
    gateway,
    pending_changes,
    scheduled_changes,
    stripe_account,
    subscription_items,
)
from billing.documents import stripe_documents
from billing.models import (
    CreditNote,
    Customer,
    Invoice,
    Mirrored,
    Payment,
    Refund,
    StripeEvent,
    Subscription,
)
from public_apps.core import clock, locks
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
Row = TypeVar("Row", bound=Mirrored)
Document = dict[str, Any]


def sync_subscription(*, subscription_id: str) -> Subscription | None:
    """Mirror a subscription; None if Stripe never showed us one of that id."""
    return _sync(Subscription, subscription_id, gateway.subscription, _write_subscription)


def sync_payment(*, payment_intent_id: str) -> Payment | None:
    """Mirror a payment intent; None if Stripe never showed us one of that id."""
    return _sync(Payment, payment_intent_id, _whole_payment, _write_payment)


def sync_invoice(*, invoice_id: str) -> Invoice | None:
    """Mirror an invoice; None if Stripe never showed us one of that id."""
    return _sync(Invoice, invoice_id, _whole_invoice, _write_invoice)


def sync_credit_note(*, credit_note_id: str) -> CreditNote | None:
    """Mirror a credit note; None if Stripe never showed us one of that id.

    Sync its invoice before: whom it is made out to stands there.
    """
    return _sync(CreditNote, credit_note_id, _whole_credit_note, _write_credit_note)


def _sync(
    model: type[Row],
    object_id: str,
    fetch: Callable[[str], Document],
    write: Callable[[Row, Document], None],
) -> Row | None:
    # Committed by itself, so that of two handlers one waits for the other's lock.
    model._default_manager.get_or_create(pk=object_id)
    with transaction.atomic():
        row = model._default_manager.select_for_update().filter(pk=object_id).first()
        if row is None:  # the handler before us found it gone at Stripe, and took the row away
            return None
        fresh = stripe_account.found(
            lambda: fetch(object_id),
            f"{model._meta.verbose_name} {object_id}",
            customer_id=row.customer_id,
            held=bool(row.synced_at),
        )
        return _mark_gone(row) if fresh is None else _record(row, fresh, write)


def record_subscription(locked: Subscription, fresh: Document) -> Subscription:
    """Write what Stripe has just answered to a row that the caller locked before asking."""
    return _record(locked, fresh, _write_subscription)


def _record(row: Row, fresh: Document, write: Callable[[Row, Document], None]) -> Row:
    # Held until what is written here is committed: whoever links the customer sees it, or was first.
    _hold_customer(id_of(fresh.get("customer")))
    row.synced_at = clock.now()
    row.gone_at = None
    _fill(row, fresh, write)
    row.save()
    if isinstance(row, Payment):
        _record_refunds(row, fresh)
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


def payment_shown(fresh: Document) -> Payment:
    """Return the row that a payment intent at Stripe asks for, unsaved: to compare ours with."""
    return _fill(Payment(pk=fresh["id"]), _with_dispute(fresh), _write_payment)


@transaction.atomic
def sync_customer(*, customer_id: str) -> Customer | None:
    """Note whether a customer of ours is still there, and its balance; None if it is not ours."""
    row = Customer.objects.select_for_update(of=("self",)).filter(pk=customer_id).first()
    if row is None:
        return None
    fresh = stripe_account.found(
        lambda: gateway.customer(customer_id), f"customer {customer_id}", customer_id=customer_id
    )
    if fresh is not None:
        row.balance = fresh.get("balance") or 0
        row.currency = str(fresh.get("currency") or "")
    row.gone_at = None if fresh else row.gone_at or clock.now()
    row.save(update_fields=["gone_at", "balance", "currency"])
    return row


def _mark_gone(row: Row) -> Row | None:
    if row.synced_at is None:
        row.delete()
        return None
    row.gone_at = row.gone_at or clock.now()
    row.save(update_fields=["gone_at"])
    return row


def _write_subscription(row: Subscription, fresh: Document) -> None:
    all_items = subscription_items.of(fresh)
    item = subscription_items.plans_item(all_items, known=row.item_id) or {}
    row.status = str(fresh.get("status") or "")
    # Kept when it is gone: without it, an add-on alone would look like a plan that is new to us.
    row.item_id = id_of(item) or row.item_id
    row.quantity = item.get("quantity") or 1
    row.signup_id = str((fresh.get("metadata") or {}).get("signup_id") or "")[:40]
    row.items = subscription_items.told(all_items, plans=item)
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
    pending_changes.write(row, fresh)
    scheduled_changes.write(row, fresh)


def _write_price(row: Subscription, price: Any) -> None:
    details = price if isinstance(price, dict) else {}
    row.price_id = id_of(price)
    row.unit_amount = details.get("unit_amount")
    row.currency = str(details.get("currency") or "")
    recurring = details.get("recurring") or {}
    row.interval = str(recurring.get("interval") or "")
    row.interval_count = recurring.get("interval_count") or 1
    row.plan = subscription_items.plan_of(price) or row.plan


def _past_due_since(row: Subscription, fresh: Document) -> datetime | None:
    """Return since when payment is late: from the day that an invoice was to be paid by.

    Stripe charges an invoice that has no such day by itself, and dates no try: it is late from
    the first try that failed, which is when we see it. What is late already stays late since then,
    also when another invoice follows.
    """
    if row.status != "past_due":
        return None
    invoice = fresh.get("latest_invoice")
    due = moment(invoice.get("due_date")) if isinstance(invoice, dict) else None
    now = clock.now()
    return row.past_due_since or (due if due is not None and due <= now else now)


def _write_invoice(row: Invoice, fresh: Document) -> None:
    row.status = str(fresh.get("status") or "")
    row.number = str(fresh.get("number") or "")
    row.subscription_id = subscription_of_invoice(fresh)
    row.amount_due = fresh.get("amount_due") or 0
    row.amount_paid = fresh.get("amount_paid") or 0
    row.discount = sum(
        each.get("amount") or 0 for each in fresh.get("total_discount_amounts") or ()
    )
    row.currency = str(fresh.get("currency") or "")
    row.hosted_url = str(fresh.get("hosted_invoice_url") or "")
    row.pdf_url = str(fresh.get("invoice_pdf") or "")
    row.due_at = moment(fresh.get("due_date"))
    row.next_attempt_at = moment(fresh.get("next_payment_attempt"))
    row.attempt_count = fresh.get("attempt_count") or 0
    asked = [*intents_of(fresh)] if row.status == "open" else []
    row.bank_asks = any(map(_bank_asks, asked))
    row.debit_under_way = any(intent.get("status") == "processing" for intent in asked)
    times = fresh.get("status_transitions") or {}
    row.issued_at = moment(fresh.get("effective_at") or times.get("finalized_at"))
    row.voided_at = moment(times.get("voided_at"))
    row.amount_credited = sum(
        fresh.get(f"{when}_payment_credit_notes_amount") or 0 for when in ("pre", "post")
    )
    stripe_documents.write_sums(row, fresh)
    stripe_documents.write_details(row, fresh)
    stripe_documents.write_buyer(row, fresh)


def _whole_invoice(invoice_id: str) -> Document:
    return stripe_documents.complete(gateway.invoice(invoice_id), gateway.invoice_lines)


def _whole_credit_note(credit_note_id: str) -> Document:
    fresh = gateway.credit_note(credit_note_id)
    return stripe_documents.complete(fresh, gateway.credit_note_lines)


def _write_credit_note(row: CreditNote, fresh: Document) -> None:
    row.status = str(fresh.get("status") or "")
    row.number = str(fresh.get("number") or "")
    row.currency = str(fresh.get("currency") or "")
    row.reason = str(fresh.get("reason") or "")
    row.pdf_url = str(fresh.get("pdf") or "")
    row.issued_at = moment(fresh.get("effective_at") or fresh.get("created"))
    row.voided_at = moment(fresh.get("voided_at"))
    row.invoice_id = id_of(fresh.get("invoice"))
    stripe_documents.write_sums(row, fresh)
    stripe_documents.write_details(row, fresh)
    invoice = Invoice.objects.filter(pk=row.invoice_id).first()
    if invoice is not None:
        row.invoice_number = invoice.number
        row.reverse_charge = row.reverse_charge or invoice.reverse_charge
        stripe_documents.copy_buyer(row, invoice)


def intents_of(invoice: Document) -> Iterator[Document]:
    """Yield the payment intents of an invoice that was fetched with its payments."""
    for payment in (invoice.get("payments") or {}).get("data") or ():
        intent = (payment.get("payment") or {}).get("payment_intent")
        if isinstance(intent, dict):
            yield intent


def reason_of_decline(invoice: Document) -> str | None:
    """Return why the card was declined that was to pay an invoice, fetched with its payments.

    None if it was not: the bank asks its owner, the payment is on its way, or nobody has tried.
    """
    for intent in intents_of(invoice):
        error = intent.get("last_payment_error")
        if error and not _bank_asks(intent) and intent.get("status") == "requires_payment_method":
            return str(error.get("decline_code") or error.get("code") or "")
    return None


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


def _whole_payment(payment_intent_id: str) -> Document:
    fresh = _with_dispute(gateway.payment_intent(payment_intent_id))
    # One that failed has left nothing on the charge, and has to be seen to have failed.
    if _charge_of(fresh).get("amount_refunded") or _refunds_of(payment_intent_id).exists():
        fresh["refunds"] = [*gateway.refunds(payment_intent_id=payment_intent_id)]
        fresh["invoice"] = gateway.invoice_of_payment(payment_intent_id)
    return fresh


def _with_dispute(fresh: Document) -> Document:
    if _charge_of(fresh).get("disputed"):
        fresh["dispute"] = gateway.dispute_about(fresh["id"])
    return fresh


def _refunds_of(payment_intent_id: str) -> QuerySet[Refund]:
    return Refund.objects.filter(payment_id=payment_intent_id)


def _record_refunds(payment: Payment, fresh: Document) -> None:
    """Write down what was given back of a payment, whose row is locked: nobody else writes these."""
    for each in fresh.get("refunds") or ():
        Refund.objects.update_or_create(
            pk=each["id"],
            defaults={
                "payment_id": payment.pk,
                "invoice_id": fresh.get("invoice") or "",
                "customer_id": payment.customer_id,
                "tenant": payment.tenant,
                "status": str(each.get("status") or ""),
                "amount": each.get("amount") or 0,
                "currency": str(each.get("currency") or ""),
                "reason": str(each.get("reason") or ""),
                "created_at": moment(each.get("created")),
                "synced_at": payment.synced_at,
            },
        )


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
    """Remember whose customer this is, and give the tenant what came in before it was known.

    Whatever is mirrored meanwhile has its tenant in the end, by this or by itself: both hold the
    customer's lock for a moment, and whoever comes second sees what the first one has written.
    """
    if not customer_id:
        return
    with transaction.atomic():
        _hold_customer(customer_id)
        customer, _created = Customer.objects.get_or_create(
            pk=customer_id, defaults={"tenant": tenant}
        )
    if customer.tenant_id != tenant.pk:
        log.error("customer belongs to another tenant", customer=customer_id)
        return
    stripe_account.note_account(customer_id)
    # Without that lock: whoever holds one of these rows may be waiting for it.
    for model in mirrors():
        waiting = model._default_manager.filter(customer_id=customer_id, tenant__isnull=True)
        ids = list(waiting.values_list("pk", flat=True))
        waiting.update(tenant=tenant)
        StripeEvent.objects.filter(object_id__in=ids, tenant__isnull=True).update(tenant=tenant)


@transaction.atomic
def unlink_customer(*, customer_id: str) -> Tenant | None:
    """Take a customer away from its tenant, with all that is mirrored of it; return whose it was.

    What is mirrored stays, without a tenant, until the customer is linked to the right one.
    """
    _hold_customer(customer_id)
    customer = Customer.objects.select_related("tenant").filter(pk=customer_id).first()
    if customer is None:
        return None
    for model in mirrors():
        theirs = model._default_manager.filter(customer_id=customer_id, tenant=customer.tenant)
        ids = list(theirs.values_list("pk", flat=True))
        theirs.update(tenant=None)
        StripeEvent.objects.filter(object_id__in=ids, tenant=customer.tenant).update(tenant=None)
    customer.delete()
    return customer.tenant


def mirrors() -> list[type[Mirrored]]:
    """Return every kind of object that we mirror: each belongs to its customer's tenant."""
    return Mirrored.__subclasses__()


def _hold_customer(customer_id: str) -> None:
    if customer_id:
        locks.hold(f"stripe customer {customer_id}")


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
