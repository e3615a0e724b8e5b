"""One shape for whatever we issue: what goes to the tax authority, and into a month's export."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from billing.models import Buyer, CreditNote, Documented, DocumentKind, Invoice, ManualPayment

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Party:
    """Whom a document is made out to; what was not told is empty."""

    name: str
    address: str
    country: str  # ISO 3166-1
    tax_id: str  # as VIES writes it


NOBODY = Party(name="", address="", country="", tax_id="")


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document as it was issued; amounts in integer minor units, positive in a credit note, too.

    `key` is the same however often a document is sent. `about` is the number of what it lessens or
    puts right. Where `net` and `tax` are None nobody has told them.
    """

    kind: DocumentKind
    id: str
    number: str
    issued_at: datetime
    voided_at: datetime | None
    currency: str
    buyer: Party
    net: int | None
    tax: int | None
    total: int
    reverse_charge: bool
    lines: list[Json]
    taxes: list[Json]
    about: str = ""
    about_id: str = ""

    @property
    def key(self) -> str:
        """Return what a provider knows this document again by."""
        return f"{self.kind.value}:{self.id}"

    def as_json(self) -> Json:
        """Return the document for a program to read; times in ISO 8601."""
        voided = self.voided_at.isoformat() if self.voided_at else None
        times = {"issued_at": self.issued_at.isoformat(), "voided_at": voided}
        return {**asdict(self), "kind": self.kind.value, "key": self.key, **times}


def find(kind: str, document_id: str) -> Document | None:
    """Return a document, or None if there is none, or none that was issued."""
    if kind == DocumentKind.INVOICE:
        invoice = Invoice.objects.filter(pk=document_id, issued_at__isnull=False).first()
        return of_invoice(invoice) if invoice else None
    if kind == DocumentKind.CREDIT_NOTE:
        note = CreditNote.objects.filter(pk=document_id, issued_at__isnull=False).first()
        return of_credit_note(note) if note else None
    payment = ManualPayment.objects.filter(pk=document_id).exclude(number="").first()
    return of_payment(payment) if payment else None


def of_invoice(invoice: Invoice) -> Document:
    """Return an invoice that was issued as a document."""
    return _of_stripe(invoice, DocumentKind.INVOICE, invoice.pk, invoice.number, invoice.currency)


def of_credit_note(note: CreditNote) -> Document:
    """Return a credit note as a document about its invoice."""
    return _of_stripe(
        note,
        DocumentKind.CREDIT_NOTE,
        note.pk,
        note.number,
        note.currency,
        about=note.invoice_number,
        about_id=note.invoice_id,
    )


def of_payment(payment: ManualPayment) -> Document:
    """Return a payment by hand as a document.

    A correction's amounts are what it changes, so that the sum of all is what was kept.
    """
    before = payment.corrects
    total = payment.amount - (before.amount if before else 0)
    return Document(
        kind=DocumentKind.MANUAL_PAYMENT,
        id=str(payment.pk),
        number=payment.number,
        issued_at=payment.recorded_at,
        voided_at=None,
        currency=payment.currency,
        buyer=party_of(payment),
        **_parts(total, _tax_of(payment)),
        reverse_charge=False,
        lines=[{"description": payment.reference, "quantity": 1, "amount": total}],
        taxes=[],
        about=before.number if before else "",
        about_id=str(before.pk) if before else "",
    )


def _tax_of(payment: ManualPayment) -> int | None:
    before = payment.corrects.tax if payment.corrects else 0
    return None if payment.tax is None or before is None else payment.tax - before


def _parts(total: int, tax: int | None) -> dict[str, Any]:
    return {"total": total, "tax": tax, "net": None if tax is None else total - tax}


def _of_stripe(
    row: Documented, kind: DocumentKind, row_id: str, number: str, currency: str, **about: str
) -> Document:
    assert row.issued_at is not None  # noqa: S101 - callers ask for issued ones alone
    return Document(
        kind=kind,
        id=row_id,
        number=number,
        issued_at=row.issued_at,
        voided_at=row.voided_at,
        currency=currency,
        buyer=party_of(row),
        net=row.net,
        tax=row.tax,
        total=row.total or 0,
        reverse_charge=row.reverse_charge,
        lines=row.lines,
        taxes=row.taxes,
        **about,
    )


def party_of(row: Buyer) -> Party:
    """Return whom a row's document is made out to."""
    return Party(
        name=row.buyer_name,
        address=row.buyer_address,
        country=row.buyer_country,
        tax_id=row.buyer_tax_id,
    )
