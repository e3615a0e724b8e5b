"""Plans: what the frontend shows, and how they come to Stripe."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import get_language

from billing import gateway, sale, tax
from billing.models import Plan, Price


def offered() -> list[dict[str, Any]]:
    """Return the plans that can be bought, in the reader's language, prices in minor units.

    A price that is not at Stripe as it stands here is not shown, for checkout would ask another;
    in manual mode nothing is asked there.
    """
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
                "tax_behavior": settings.TAX.behavior,
            }
            for price in plan.prices.all()
            if price.currency == settings.STRIPE.currency and _can_be_asked(price)
        ],
    }


def _can_be_asked(price: Price) -> bool:
    return bool(price.stripe_price_id) or settings.STRIPE.mode == "manual"


def push(*, only: Plan | None = None) -> list[str]:
    """Bring every offered plan, or only one, and its prices to Stripe; return a line for each.

    Safe to repeat, also at once from two places.

    Products are found by an id made from the plan's code, prices by lookup key. A changed amount
    becomes a new price that takes over the key: Stripe's prices never change.
    """
    lines: list[str] = []
    wanted = Plan.objects.filter(offered=True)
    for plan in (wanted.filter(pk=only.pk) if only else wanted).prefetch_related("prices"):
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
                f"{price.lookup_key} is {_told(found)} at Stripe, "
                f"{price.unit_amount} {price.currency}{_told_of_tax(tax.of_price())} here"
            )
        elif found["id"] != price.stripe_price_id:
            lines.append(f"{price.lookup_key} is {found['id']} at Stripe, another here")
        elif tax.unsettled(found):
            lines.append(f"{price.lookup_key} does not say at Stripe whether it holds VAT")
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
            idempotency_key=_key_of(price, found),
            more=tax.of_price(),
        )
    elif tax.unsettled(found):
        found = gateway.settle_price(found["id"], settled=tax.of_price())
    # Only if it still is what was pushed: staff may have changed it meanwhile.
    same = Price.objects.filter(pk=price.pk, unit_amount=price.unit_amount)
    same.filter(interval=price.interval, currency=price.currency).update(
        stripe_price_id=found["id"]
    )
    sale.is_sold_again(price)
    return f"{verb} {price.lookup_key}: {found['id']}"


def _key_of(price: Price, found: dict[str, Any] | None) -> str:
    """Return the key by which two pushes at once make one price.

    What there was before is part of it: an amount that comes back later is a new price.
    """
    before = f"{price.stripe_price_id or 'none'}-{found['id'] if found else 'none'}"
    return f"price-{price.pk}-{price.lookup_key}-{price.unit_amount}-{before}"


def _same(found: dict[str, Any], price: Price) -> bool:
    return (
        found["unit_amount"] == price.unit_amount
        and found["currency"] == price.currency
        and (found.get("recurring") or {}).get("interval") == price.interval
        and tax.same(found)
    )


def _told(found: dict[str, Any]) -> str:
    said = found if settings.TAX.automatic else {}
    return f"{found['unit_amount']} {found['currency']}{_told_of_tax(said)}"


def _told_of_tax(said: dict[str, Any]) -> str:
    return f" ({said['tax_behavior']} of VAT)" if said.get("tax_behavior") else ""
