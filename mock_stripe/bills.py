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


_PAY = [("pay", "Pay"), ("decline", "Decline")]
_CONFIRM = [("pay", "Confirm the payment"), ("decline", "Refuse")]


def shown(invoice: Document, *, asks: bool = False) -> Markup:
    """Return the invoice with its PDF and, while it is open, with buttons to settle it.

    `asks`: its card's bank wants to know that it is really the owner who pays.
    """
    due = Markup('<p class="price">{}</p>').format(_money(invoice, "amount_remaining"))
    body = Markup("<section><h2>{}</h2>{}</section>{}").format(
        invoice["number"], due, markup.facts(_facts(invoice))
    )
    if invoice["status"] == "open":
        if asks:
            body += markup.notice("Your bank asks you to confirm this payment.")
        body += markup.form(_CONFIRM if asks else _PAY, {})
    else:
        body += markup.notice(_SAID[invoice["status"]])
    return body + Markup('<p><a href="{}">Download the PDF</a></p>').format(invoice["invoice_pdf"])


def printed(invoice: Document) -> bytes:
    """Return the invoice as a PDF of one page."""
    return pdf.page(
        [f"Invoice {invoice['number']}", "", *(f"{name}: {told}" for name, told in _facts(invoice))]
    )


def printed_credit(note: Document) -> bytes:
    """Return a credit note as a PDF of one page."""
    made = datetime.fromtimestamp(note["created"], UTC).strftime("%d %B %Y")
    taxes = [f"VAT: {markup.money(tax['amount'], note['currency'])}" for tax in note["total_taxes"]]
    return pdf.page(
        [f"Credit note {note['number']}", "", f"Date: {made}", f"About: {note['invoice']}", *taxes,
         f"Total: {_money(note, 'total')}", f"Status: {note['status']}"]
    )  # fmt: skip


def _facts(invoice: Document) -> list[tuple[str, str]]:
    made = datetime.fromtimestamp(invoice["created"], UTC).strftime("%d %B %Y")
    costs = [
        (line["description"] or "Subscription", markup.money(line["amount"], invoice["currency"]))
        for line in invoice["lines"]["data"]
    ]
    numbers = [("VAT number", each["value"]) for each in invoice["customer_tax_ids"]]
    return [
        ("From", invoice["account_name"]),
        ("To", invoice["customer_name"] or invoice["customer_email"] or invoice["customer"]),
        *numbers,
        ("Date", made),
        *costs,
        *(_tax(tax, invoice["currency"]) for tax in invoice["total_taxes"]),
        ("Total", _money(invoice, "total")),
        ("Due", _money(invoice, "amount_due")),
        ("Paid", _money(invoice, "amount_paid")),
        ("Status", invoice["status"]),
    ]


def _tax(tax: Document, currency: str) -> tuple[str, str]:
    if tax["taxability_reason"] == "reverse_charge":
        return "VAT", "Reverse charge"
    where = "in it" if tax["tax_behavior"] == "inclusive" else "added"
    return f"VAT {where}", markup.money(tax["amount"], currency)


def _money(invoice: Document, field: str) -> str:
    return markup.money(invoice[field], invoice["currency"])
