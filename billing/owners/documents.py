"""Invoices as their owner sees them: with credit notes, what was given back, and the MARK."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.http import Http404

from billing.documents import fresh_links, given_back
from billing.documents.document import party_of
from billing.models import CreditNote, DocumentKind, EInvoice, Invoice, ManualPayment
from billing.owners.account import Account

REFUNDED, PARTLY = "refunded", "partly"
MOST_BY_HAND = 24


def with_credits(invoices: list[Any]) -> list[Any]:
    """Add to each invoice what came after it; so many queries, however many invoices there are."""
    ids = [each.pk for each in invoices]
    notes = _credit_notes(ids)
    refunded = given_back.of_invoices(ids)
    sent = EInvoice.objects.filter(
        kind=DocumentKind.INVOICE, document_id__in=ids, cancels=False
    ).exclude(mark="")
    marks = dict(sent.values_list("document_id", "mark"))
    for each in invoices:
        each.credit_notes = notes[each.pk]
        each.amount_refunded = refunded.get(each.pk, 0)
        each.mark = marks.get(each.pk, "")
        each.buyer = party_of(each)
        each.refund_state = _refund_state(each)
    return invoices


def _credit_notes(invoice_ids: list[str]) -> dict[str, list[CreditNote]]:
    found: dict[str, list[CreditNote]] = defaultdict(list)
    notes = CreditNote.objects.filter(invoice_id__in=invoice_ids, synced_at__isnull=False)
    for note in notes.order_by("issued_at", "pk"):
        found[note.invoice_id].append(note)
    return found


def _refund_state(invoice: Any) -> str:
    if not invoice.amount_refunded:
        return ""
    return REFUNDED if invoice.amount_refunded >= invoice.amount_paid else PARTLY


def invoice_of(account: Account, invoice_id: str) -> Invoice:
    """Return one of this tenant's invoices; raise `Http404` for anybody else's."""
    found = account.invoices().filter(pk=invoice_id).first()
    if found is None:
        raise Http404
    return found


def credit_note_of(account: Account, credit_note_id: str) -> CreditNote:
    """Return one of this tenant's credit notes; raise `Http404` for anybody else's."""
    own = CreditNote.objects.filter(tenant=account.tenant, synced_at__isnull=False)
    found = own.filter(pk=credit_note_id).first()
    if found is None:
        raise Http404
    return found


def links_of(account: Account, invoice_id: str) -> dict[str, Any]:
    """Return the links of an invoice and its credit notes as they are now; raises as `fresh_links`."""
    invoice = invoice_of(account, invoice_id)
    links = fresh_links.of_invoice(invoice)
    notes = _credit_notes([invoice.pk])[invoice.pk]
    return {
        "hosted_url": links.hosted_url,
        "pdf_url": links.pdf_url,
        "credit_notes": [
            {
                "id": note.pk,
                "number": note.number,
                "pdf_url": fresh_links.of_credit_note(note).pdf_url,
            }
            for note in notes
        ],
    }


def paid_by_hand(account: Account) -> list[ManualPayment]:
    """Return the payments that staff recorded, newest first, each with its number and MARK."""
    payments = ManualPayment.objects.filter(tenant=account.tenant).order_by("-pk")
    found = list(payments.exclude(number="")[:MOST_BY_HAND])
    sent = EInvoice.objects.filter(
        kind=DocumentKind.MANUAL_PAYMENT, document_id__in=[str(each.pk) for each in found]
    )
    marks = dict(sent.values_list("document_id", "mark"))
    for each in found:
        each.mark = marks.get(str(each.pk), "")  # type: ignore[attr-defined]  # for the page
    return found
