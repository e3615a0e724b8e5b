"""Plans: what the frontend shows, and how they come to Stripe."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from billing import gateway
from billing.models import Plan, Price


def offered() -> list[dict[str, Any]]:
    """Return the plans that can be bought, in the reader's language, prices in minor units."""
    plans = Plan.objects.filter(offered=True).prefetch_related("prices")
    return [_shown(plan) for plan in plans]


def in_readers_language(plan: Plan) -> str:
    """Return the plan's name as the reader knows it."""
    return (_is_greek() and plan.name_el) or plan.name


def _is_greek() -> bool:
    return (get_language() or "").startswith("el")


def _shown(plan: Plan) -> dict[str, Any]:
    return {
        "code": plan.code,
        "name": in_readers_language(plan),
        "description": (_is_greek() and plan.description_el) or plan.description,
        "trial_days": plan.trial_days,
        "limits": {"apartments": plan.most_apartments},
        "prices": [
            {
                "interval": price.interval,
                "unit_amount": price.unit_amount,
                "currency": price.currency,
            }
            for price in plan.prices.all()
            if price.currency == settings.STRIPE.currency
        ],
    }


def push() -> list[str]:
    """Bring every offered plan and price to Stripe; return a line for each. Safe to repeat.

    Products are found by an id made from the plan's code, prices by lookup key. A changed amount
    becomes a new price that takes over the key: Stripe's prices never change.
    """
    lines: list[str] = []
    for plan in Plan.objects.filter(offered=True).prefetch_related("prices"):
        product = gateway.ensure_product(
            plan_code=plan.code, name=plan.name, description=plan.description
        )
        Plan.objects.filter(pk=plan.pk).update(stripe_product_id=product["id"])
        lines.extend(_push_price(price, product["id"]) for price in plan.prices.all())
    return lines


def differences() -> list[str]:
    """Return a line for each offered price that Stripe does not have as we do; `push` ends them."""
    lines = []
    prices = Price.objects.filter(plan__offered=True, currency=settings.STRIPE.currency)
    for price in prices.select_related("plan"):
        found = gateway.price_by_lookup_key(price.lookup_key)
        if found is None:
            lines.append(f"{price.lookup_key} is not at Stripe")
        elif not _same(found, price):
            lines.append(
                f"{price.lookup_key} is {found['unit_amount']} {found['currency']} at Stripe, "
                f"{price.unit_amount} {price.currency} here"
            )
        elif found["id"] != price.stripe_price_id:
            lines.append(f"{price.lookup_key} is {found['id']} at Stripe, another here")
    return lines


def _push_price(price: Price, product_id: str) -> str:
    found = gateway.price_by_lookup_key(price.lookup_key)
    verb = "found"
    if found is None or not _same(found, price):
        verb = "created"
        found = gateway.create_price(
            product_id=product_id,
            lookup_key=price.lookup_key,
            unit_amount=price.unit_amount,
            currency=price.currency,
            interval=price.interval,
        )
    Price.objects.filter(pk=price.pk).update(stripe_price_id=found["id"])
    return f"{verb} {price.lookup_key}: {found['id']}"


def _same(found: dict[str, Any], price: Price) -> bool:
    return (
        found["unit_amount"] == price.unit_amount
        and found["currency"] == price.currency
        and (found.get("recurring") or {}).get("interval") == price.interval
    )
