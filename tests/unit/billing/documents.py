"""Documents as Stripe and staff leave them, for a workspace of the ring's own."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from billing import manual_mode
from billing.models import CreditNote, Invoice, ManualPayment, Refund
from public_apps.tenants.models import Tenant

MIDDLE = datetime(2026, 10, 15, 12, tzinfo=UTC)
VAT = {
    "amount": 948, "taxable": 3952, "rate": "24", "name": "VAT", "country": "GR",
    "jurisdiction": "Greece", "included": True, "reason": "standard_rated",
}  # fmt: skip
_numbers = itertools.count(1)


def unit_court() -> Tenant:
    """Return the ring's workspace."""
    found: Tenant = Tenant.objects.get(name="Unit Court")
    return found


def invoice(*, at: datetime = MIDDLE, **fields: Any) -> Invoice:
    """Return a paid invoice of 49.00 with 24 % in it, made out to a Greek firm."""
    number = next(_numbers)
    known: dict[str, Any] = {
        "id": f"in_unit_{number}", "number": f"UNIT-{number:04d}", "tenant": unit_court(),
        "status": "paid", "amount_due": 4900, "amount_paid": 4900, "currency": "eur",
        "created_at": at, "issued_at": at, "synced_at": at, "net": 3952, "tax": 948, "total": 4900,
        "taxes": [VAT], "lines": [{"description": "Professional", "quantity": 1, "amount": 4900}],
        "buyer_name": "Sunny Court OE", "buyer_country": "GR", "buyer_tax_id": "EL094014201",
        "hosted_url": "https://invoice.stripe.com/i/old",
        "pdf_url": "https://pay.stripe.com/invoice/old/pdf",
    }  # fmt: skip
    return Invoice.objects.create(**{**known, **fields})


def credit_note(about: Invoice, *, at: datetime = MIDDLE, **fields: Any) -> CreditNote:
    """Return a credit note that takes all of an invoice back."""
    known: dict[str, Any] = {
        "id": f"cn_{about.pk}", "number": f"{about.number}-CN-01", "invoice_id": about.pk,
        "invoice_number": about.number, "tenant": about.tenant, "status": "issued",
        "currency": "eur", "created_at": at, "issued_at": at, "synced_at": at, "net": 3952,
        "tax": 948, "total": 4900, "taxes": [VAT], "buyer_name": about.buyer_name,
        "pdf_url": "https://pay.stripe.com/credit_notes/old/pdf",
    }  # fmt: skip
    return CreditNote.objects.create(**{**known, **fields})


def refund(about: Invoice, *, at: datetime = MIDDLE, **fields: Any) -> Refund:
    """Return a refund of all that was paid for an invoice."""
    known: dict[str, Any] = {
        "id": f"re_{about.pk}", "payment_id": f"pi_{about.pk}", "invoice_id": about.pk,
        "tenant": about.tenant, "status": "succeeded", "amount": 4900, "currency": "eur",
        "created_at": at, "synced_at": at,
    }  # fmt: skip
    return Refund.objects.create(**{**known, **fields})


def payment(reference: str, *, at: datetime = MIDDLE, amount: int = 12000, **more: Any) -> Any:
    """Return a payment that staff record, put down to a moment."""
    made = manual_mode.record_payment(
        tenant=unit_court(), amount=amount, currency="eur", reference=reference,
        paid_until=MIDDLE + timedelta(days=400), by="anna@staff.example", **more,
    )  # fmt: skip
    ManualPayment.objects.filter(pk=made.pk).update(recorded_at=at)
    return ManualPayment.objects.get(pk=made.pk)
