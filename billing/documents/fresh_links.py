"""Links to documents at Stripe, asked for when somebody clicks: the ones that we hold die after a while.

An invoice's page ends 30 days after it was due (docs.stripe.com/invoicing/hosted-invoice-page).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from billing import gateway, stripe_account
from billing.models import CreditNote, Invoice, Mirrored
from public_apps.core import errors

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where a document can be seen just now; empty where Stripe has no such page."""

    hosted_url: str
    pdf_url: str


def of_invoice(invoice: Invoice) -> Links:
    """Return an invoice's links as they are now.

    Raises `errors.Gone` for one that Stripe has no more, `errors.Closed` in manual mode, and
    `errors.UpstreamFailed` when Stripe can't be asked.
    """
    found = _asked(invoice, gateway.invoice)
    return Links(
        hosted_url=str(found.get("hosted_invoice_url") or ""),
        pdf_url=str(found.get("invoice_pdf") or ""),
    )


def of_credit_note(note: CreditNote) -> Links:
    """Return a credit note's links as they are now; raises what `of_invoice` raises."""
    found = _asked(note, gateway.credit_note)
    return Links(hosted_url="", pdf_url=str(found.get("pdf") or ""))


def pick(links: Links, what: str) -> str:
    """Return the page or the PDF of a document; raise `errors.Gone` if there is none."""
    url = links.pdf_url if what == "pdf" else links.hosted_url
    if not url:
        raise _gone()
    return url


def _asked(row: Mirrored, ask: Callable[[str], gateway.Document]) -> gateway.Document:
    if settings.STRIPE.mode == "manual":
        raise errors.Closed(
            _("Documents can't be fetched from the payment provider just now. Please write to us.")
        )
    try:
        found = stripe_account.found(
            lambda: ask(row.pk),
            f"{row._meta.verbose_name} {row.pk}",
            customer_id=row.customer_id,
            held=True,
        )
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("no fresh link to a document", error=str(error))
        raise errors.UpstreamFailed(
            _("The payment provider does not answer, and the document is there. Try again soon.")
        ) from error
    if found is None:
        raise _gone()
    return found


def _gone() -> errors.Gone:
    return errors.Gone(_("The payment provider has this document no more. Please write to us."))
