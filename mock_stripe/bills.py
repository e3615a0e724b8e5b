"""How an invoice looks: as a page that it can be paid on, and printed."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from mock_stripe import markup, pdf
from mock_stripe.table import Document

_SAID = {
    "paid": "This invoice is paid. Thank you.",
    "void": "This invoice is void: nothing is to be paid.",
    "uncollectible": "This invoice is no longer collected.",
}


def shown(invoice: Document) -> Markup:
    """Return the invoice with its PDF and, while it is open, with buttons to settle it."""
    due = Markup('<p class="price">{}</p>').format(_money(invoice, "amount_remaining"))
    body = Markup("<section><h2>{}</h2>{}</section>{}").format(
        invoice["number"], due, markup.facts(_facts(invoice))
    )
    if invoice["status"] == "open":
        body += markup.form([("pay", "Pay"), ("decline", "Decline")], {})
    else:
        body += markup.notice(_SAID[invoice["status"]])
    return body + Markup('<p><a href="{}">Download the PDF</a></p>').format(invoice["invoice_pdf"])


def printed(invoice: Document) -> bytes:
    """Return the invoice as a PDF of one page."""
    return pdf.page(
        [f"Invoice {invoice['number']}", "", *(f"{name}: {told}" for name, told in _facts(invoice))]
    )


def _facts(invoice: Document) -> list[tuple[str, str]]:
    made = datetime.fromtimestamp(invoice["created"], UTC).strftime("%d %B %Y")
    costs = [
        (line["description"] or "Subscription", markup.money(line["amount"], invoice["currency"]))
        for line in invoice["lines"]["data"]
    ]
    return [
        ("From", invoice["account_name"]),
        ("To", invoice["customer_email"] or invoice["customer"]),
        ("Date", made),
        *costs,
        ("Total", _money(invoice, "total")),
        ("Due", _money(invoice, "amount_due")),
        ("Paid", _money(invoice, "amount_paid")),
        ("Status", invoice["status"]),
    ]


def _money(invoice: Document, field: str) -> str:
    return markup.money(invoice[field], invoice["currency"])
