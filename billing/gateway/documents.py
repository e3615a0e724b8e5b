"""What an accountant asks for: invoices' lines, credit notes, refunds, tax rates and tax settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing.gateway.client import Document, call_api, pages


def invoice_lines(invoice_id: str) -> Iterator[Document]:
    """Yield every line of an invoice: the invoice itself shows the first ten."""
    return pages(lambda client, page: client.v1.invoices.line_items.list(invoice_id, page))


def credit_note(credit_note_id: str) -> Document:
    """Return a credit note as it is now; raise `Gone` if Stripe shows none."""
    return call_api(lambda client: client.v1.credit_notes.retrieve(credit_note_id))


def credit_notes(*, invoice_id: str) -> Iterator[Document]:
    """Yield the credit notes about an invoice, newest first, void ones too."""
    params: Any = {"invoice": invoice_id}
    return pages(lambda client, page: client.v1.credit_notes.list(params | page))


def credit_note_lines(credit_note_id: str) -> Iterator[Document]:
    """Yield every line of a credit note: the credit note itself shows the first ten."""
    return pages(lambda client, page: client.v1.credit_notes.line_items.list(credit_note_id, page))


def refunds(*, payment_intent_id: str) -> Iterator[Document]:
    """Yield what was given back of a payment, newest first, failed refunds too."""
    params: Any = {"payment_intent": payment_intent_id}
    return pages(lambda client, page: client.v1.refunds.list(params | page))


def invoice_of_payment(payment_intent_id: str) -> str:
    """Return the id of the invoice that a payment pays, or nothing: it may pay none."""
    params: Any = {"payment": {"type": "payment_intent", "payment_intent": payment_intent_id}}
    paid = pages(lambda client, page: client.v1.invoice_payments.list(params | page))
    return next((str(each["invoice"]) for each in paid), "")


def tax_rate(tax_rate_id: str) -> Document:
    """Return a tax rate, whose percentage never changes; raise `Gone` if Stripe shows none."""
    return call_api(lambda client: client.v1.tax_rates.retrieve(tax_rate_id))


def tax_settings() -> Document:
    """Return how Stripe Tax is set up for our account."""
    return call_api(lambda client: client.v1.tax.settings.retrieve())
