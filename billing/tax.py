"""What we ask of Stripe about tax, by `STRIPE_TAX`: nothing, or that Stripe Tax works it out."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def at_checkout(*, customer: bool) -> dict[str, Any]:
    """Return what a payment page has to ask for, so that tax can be worked out and invoices be right.

    Where the page is opened for a customer, Stripe wants to be told that what is typed may be kept.
    """
    if not settings.TAX.automatic:
        return {}
    asked: dict[str, Any] = {
        "automatic_tax": {"enabled": True},
        "tax_id_collection": {"enabled": True},  # asks for the business's name as well
        "billing_address_collection": "required",
        "name_collection": {"individual": {"enabled": True}},
    }
    return asked | {"customer_update": {"address": "auto", "name": "auto"}} if customer else asked


def of_price() -> dict[str, Any]:
    """Return what a new price says of tax: nothing where nobody works it out."""
    return {"tax_behavior": settings.TAX.behavior} if settings.TAX.automatic else {}


def unsettled(price: dict[str, Any]) -> bool:
    """Whether a price at Stripe does not say yet what it says of tax: that can be told it once."""
    said = price.get("tax_behavior") or "unspecified"
    return bool(settings.TAX.automatic) and said == "unspecified"


def same(price: dict[str, Any]) -> bool:
    """Whether a price at Stripe holds tax as ours do, or may still be told to."""
    said = price.get("tax_behavior") or "unspecified"
    return not settings.TAX.automatic or said in {settings.TAX.behavior, "unspecified"}
