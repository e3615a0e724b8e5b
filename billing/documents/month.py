"""What an accountant books for a month: documents, what takes them back, and money that went back.

A document counts in the month in which it was issued, and what voids it in the month of that, as the
opposite: so a month that was handed over never changes. The months are those of people's clocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from billing.documents import document, numbers
from billing.documents.document import Document, Json, Party
from billing.models import CreditNote, EInvoice, Invoice, ManualPayment, Refund
from public_apps.core import errors
from public_apps.tenants.models import Tenant

_NOT_ISSUED = ("", "draft")


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month by the clocks on people's walls."""

    year: int
    number: int

    @property
    def begins(self) -> datetime:
        """Return its first moment."""
        return _midnight(date(self.year, self.number, 1))

    @property
    def ends(self) -> datetime:
        """Return the first moment after it."""
        after = (self.year + 1, 1) if self.number == 12 else (self.year, self.number + 1)
        return _midnight(date(*after, 1))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def read_month(text: str) -> Month:
    """Return the month that is written as 2026-10; raise `errors.Invalid` for anything else."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    if found and 1 <= int(found[2]) <= 12 and 2000 <= int(found[1]) <= 9998:
        return Month(year=int(found[1]), number=int(found[2]))
    message = _("Write the month as 2026-10.")
    raise errors.Invalid(message, errors={"month": [message]})


def zone() -> ZoneInfo:
    """Return the time zone whose midnights part the months."""
    return ZoneInfo(settings.PAGES_TIME_ZONE)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone())


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One row of a month. Documents have sums, a refund only what went back; both are in minor units."""

    kind: str
    number: str
    at: datetime
    status: str
    about: str
    workspace: str
    buyer: Party
    currency: str
    net: int | None = None
    tax: int | None = None
    total: int | None = None
    refunded: int | None = None
    taxes: list[Json]
    reverse_charge: bool
    lines: list[Json]
    reference: str
    # By which an e-invoice of it is found: kind, id, and whether it takes the document back.
    sent_as: tuple[str, str, bool] | None = None
    mark: str = ""


def entries(month: Month) -> list[Entry]:
    """Return a month's entries in the order in which they happened."""
    numbers.number_all()
    found = [*_invoices(month), *_credit_notes(month), *_payments(month), *_refunds(month)]
    marks = _marks(found)
    marked = [replace(each, mark=marks.get(each.sent_as, "")) for each in found]
    return sorted(marked, key=lambda each: (each.at, each.kind, each.number))


def _marks(found: list[Entry]) -> dict[tuple[str, str, bool] | None, str]:
    ids = [each.reference for each in found if each.sent_as]
    sent = EInvoice.objects.filter(document_id__in=ids).exclude(mark="")
    rows = sent.values_list("kind", "document_id", "cancels", "mark")
    return {(kind, document_id, cancels): mark for kind, document_id, cancels, mark in rows}


def incomplete(month: Month) -> int:
    """Return how many invoices of a month still wait for their sums, which were not kept before."""
    made = Invoice.objects.filter(created_at__gte=month.begins, created_at__lt=month.ends)
    unknown = made.filter(total__isnull=True, synced_at__isnull=False, gone_at__isnull=True)
    return unknown.exclude(status__in=_NOT_ISSUED).count()


def _invoices(month: Month) -> Iterator[Entry]:
    rows = Invoice.objects.select_related("tenant").exclude(status__in=_NOT_ISSUED)
    for row in _within(rows, "issued_at", month):
        yield _issued(document.of_invoice(row), "invoice", row.status, row.tenant)
    for row in _within(rows, "voided_at", month).filter(issued_at__isnull=False):
        yield _taken_back(document.of_invoice(row), "invoice_voided", row.tenant)


def _credit_notes(month: Month) -> Iterator[Entry]:
    rows = CreditNote.objects.select_related("tenant").filter(synced_at__isnull=False)
    for row in _within(rows, "issued_at", month):
        noted = _negative(document.of_credit_note(row))
        yield _issued(noted, "credit_note", row.status, row.tenant)
    for row in _within(rows, "voided_at", month):
        noted = _negative(document.of_credit_note(row))
        yield _taken_back(noted, "credit_note_voided", row.tenant)


def _payments(month: Month) -> Iterator[Entry]:
    rows = ManualPayment.objects.select_related("tenant", "corrects")
    for row in _within(rows, "recorded_at", month):
        kind = "manual_payment_corrected" if row.corrects else "manual_payment"
        yield _issued(document.of_payment(row), kind, "recorded", row.tenant)


def _refunds(month: Month) -> Iterator[Entry]:
    rows = Refund.objects.select_related("tenant").filter(status__in=Refund.GIVEN_BACK)
    found = [*_within(rows, "created_at", month)]
    invoices = Invoice.objects.in_bulk({row.invoice_id for row in found})
    for row in found:
        invoice = invoices.get(row.invoice_id)
        assert row.created_at is not None  # noqa: S101 - it is within a month
        yield Entry(
            kind="refund",
            number="",
            at=row.created_at,
            status=row.status,
            about=invoice.number if invoice else "",
            workspace=_workspace(row.tenant),
            buyer=document.party_of(invoice) if invoice else document.NOBODY,
            currency=row.currency,
            refunded=row.amount,
            taxes=[],
            reverse_charge=False,
            lines=[],
            reference=row.pk,
        )


def _within(rows: QuerySet, field: str, month: Month) -> QuerySet:  # type: ignore[type-arg]  # any
    return rows.filter(**{f"{field}__gte": month.begins, f"{field}__lt": month.ends}).order_by(
        F(field), "pk"
    )


def _issued(issued: Document, kind: str, status: str, tenant: Tenant | None) -> Entry:
    return Entry(
        kind=kind,
        number=issued.number,
        at=issued.issued_at,
        status=status,
        about=issued.about,
        workspace=_workspace(tenant),
        buyer=issued.buyer,
        currency=issued.currency,
        net=issued.net,
        tax=issued.tax,
        total=issued.total,
        taxes=issued.taxes,
        reverse_charge=issued.reverse_charge,
        lines=issued.lines,
        reference=issued.id,
        sent_as=(issued.kind.value, issued.id, False),
    )


def _taken_back(issued: Document, kind: str, tenant: Tenant | None) -> Entry:
    entry = _issued(_negative(issued), kind, "void", tenant)
    taken_back = (issued.kind.value, issued.id, True)
    return replace(entry, at=issued.voided_at or issued.issued_at, sent_as=taken_back)


def _negative(issued: Document) -> Document:
    return replace(
        issued,
        net=_minus(issued.net),
        tax=_minus(issued.tax),
        total=-issued.total,
        taxes=[{**each, "amount": -each["amount"]} for each in issued.taxes],
    )


def _minus(amount: int | None) -> int | None:
    return None if amount is None else -amount


def _workspace(tenant: Tenant | None) -> str:
    return str(tenant) if tenant else ""
