"""Tax: whether Stripe Tax is set up as our settings want it, and documents reach the authority."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from billing import gateway
from billing.einvoicing import outbox
from billing.einvoicing.provider import is_on, provider
from billing.models import EInvoice
from staff.doctor.findings import Finding, failing, ok, skipped, warning


def examine_tax() -> Iterator[Finding]:
    """Whether tax is worked out, and documents are passed on."""
    yield from _at_stripe()
    yield from _einvoicing()


def _at_stripe() -> Iterator[Finding]:
    if not settings.TAX.automatic:
        yield ok("tax", "STRIPE_TAX is none: what the prices say is what is charged.")
        return
    if settings.STRIPE.mode == "manual":
        yield skipped("tax", "Manual mode: Stripe is not asked for anything.")
        return
    found = gateway.tax_settings()
    if found.get("status") == "active":
        yield ok("tax", f"Stripe Tax is active; our prices are {settings.TAX.behavior} of VAT.")
        return
    pending = (found.get("status_details") or {}).get("pending") or {}
    missing = ", ".join(pending.get("missing_fields") or ()) or "something"
    yield failing(
        "tax",
        f"Stripe Tax is {found.get('status')}: it lacks {missing}. Nobody can buy meanwhile.",
        "Finish it in Stripe's Dashboard under Tax, or set STRIPE_TAX=none.",
    )


def _einvoicing() -> Iterator[Finding]:
    if not is_on():
        yield skipped("e-invoices", "No EINVOICE_PROVIDER: nothing is passed on to an authority.")
        return
    try:
        name = type(provider()).__name__
    except Exception as error:  # noqa: BLE001 - the boundary: whatever a provider raises is told
        yield failing(
            "e-invoices", f"{type(error).__name__}: {error}", "Correct EINVOICE_PROVIDER."
        )
        return
    given_up = EInvoice.objects.filter(failed_at__isnull=False).count()
    waiting = outbox.waiting().count()
    told = f"{name} passes on what was issued since {settings.EINVOICING.since}; {waiting} wait."
    if given_up:
        yield warning("e-invoices", f"{told} {given_up} were given up.", "See the runbook.")
    else:
        yield ok("e-invoices", told)
