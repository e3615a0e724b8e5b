"""What happens to money that only people can put right: each is an incident of its own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.models import Invoice, Payment
from public_apps.core.templatetags.money import money
from public_apps.monitoring import incidents

INVOICE_STUCK = incidents.kind(
    "invoice_stuck",
    title=_("Stripe can't finish an invoice"),
    advice=_(
        "Nobody is charged for it. Stripe's page of the invoice says why, mostly an address or a tax "
        "number of the customer: correct that there, then finalize the invoice. The incident ends "
        "by itself."
    ),
)
REFUND_FAILED = incidents.kind(
    "refund_failed",
    title=_("A refund did not arrive"),
    advice=_(
        "The money is back with us and owed to the customer: ask them for another way, and pay it "
        "out by hand. Then close the incident in the admin."
    ),
)
FRAUD_WARNING = incidents.kind(
    "fraud_warning",
    title=_("A bank takes a payment for fraud"),
    advice=_(
        "A dispute is likely to follow, with its fee. If the customer is not one whom you know, "
        "refund the payment at Stripe and hold the workspace. Then close the incident in the admin."
    ),
)


def about_invoice(invoice: Invoice) -> None:
    """Tell staff of an invoice that is stuck as a draft."""
    if invoice.status == "draft":
        line = f"{_whose(invoice)}: {money(invoice.amount_due, invoice.currency)}"
        incidents.report_one(INVOICE_STUCK, invoice.pk, [line])


def end_of_invoice(invoice: Invoice) -> None:
    """End the incident about an invoice that is a draft no longer."""
    if invoice.status != "draft":
        incidents.report_one(INVOICE_STUCK, invoice.pk, [])


def about_refund(payment: Payment, refund: dict[str, Any]) -> None:
    """Tell staff of a refund that came back."""
    given = money(refund.get("amount") or 0, str(refund.get("currency") or payment.currency))
    why = refund.get("failure_reason") or "no reason was given"
    incidents.report_one(
        REFUND_FAILED, str(refund["id"]), [f"{_whose(payment)}: {given} of {payment.pk} ({why})"]
    )


def about_fraud(payment: Payment) -> None:
    """Tell staff of a payment that its bank takes for fraud."""
    paid = money(payment.amount_received, payment.currency)
    incidents.report_one(FRAUD_WARNING, payment.pk, [f"{_whose(payment)}: {paid}"])


def _whose(row: Invoice | Payment) -> str:
    return row.tenant.name if row.tenant else f"customer {row.customer_id}"
