"""Disputes: a customer's bank takes a payment back, unless staff answer at Stripe in time."""

from __future__ import annotations

import structlog
from django.conf import settings

from billing.models import Payment
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail

log = structlog.get_logger(__name__)
KIND = "dispute"


def tell_staff(payment: Payment) -> None:
    """Promise staff a word about a disputed payment, once for each state that the dispute takes."""
    if not payment.dispute_status:
        return
    log.error("payment disputed", payment=payment.pk, status=payment.dispute_status)
    for address in settings.OPS_ALERT_EMAILS:
        mail.enqueue(
            kind=KIND,
            key=f"{payment.pk}:{payment.dispute_status}:{address}",
            to=address,
            language=settings.LANGUAGE_CODE,
        )


@mail.composes(KIND)
def compose(outgoing: OutgoingMail) -> Content | None:
    """Say which payment is disputed and until when to answer; None once the dispute went on."""
    payment_id, status, _address = outgoing.key.split(":")
    payment = Payment.objects.select_related("tenant").get(pk=payment_id)
    if payment.dispute_status != status:
        return None
    context = {
        "payment": payment,
        "organization": payment.tenant.name if payment.tenant else "",
        "answerable": status in ANSWERABLE,
    }
    return Content(template="dispute", context=context)


# As long as it is one of these, Stripe takes evidence.
ANSWERABLE = frozenset({"needs_response", "warning_needs_response"})
