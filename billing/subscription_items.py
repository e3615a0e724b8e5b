"""Which item of a subscription is the plan's; whatever else is charged with it are add-ons.

Stripe lists items in no order that means anything: an add-on may come first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing.models import Plan, Price

Document = dict[str, Any]


def of(subscription: Document) -> list[Document]:
    """Return the items of a subscription as Stripe shows it."""
    return list((subscription.get("items") or {}).get("data") or ())


def plans_item(items: list[Document], *, known: str) -> Document | None:
    """Return the item that the plan is charged by, or None if there are add-ons alone.

    It has a price of ours, or else one on a product of ours, or else it is the one that has been
    it, under `known`. The only item of a subscription that is new to us is the plan's in any case:
    staff may sell at a price that they made in Stripe's Dashboard.
    """
    for candidates in (_at_our_prices(items), _on_our_products(items)):
        if candidates:
            return _of_id(candidates, known) or candidates[0]
    if held := _of_id(items, known):
        return held
    return items[0] if len(items) == 1 and not known else None


def plan_of(price: Any) -> Plan | None:
    """Return the plan that a price of Stripe's is for, by the price itself or its product."""
    details = price if isinstance(price, dict) else {"id": price}
    ours = Price.objects.select_related("plan").filter(stripe_price_id=details.get("id") or None)
    if found := ours.first():
        return found.plan
    return Plan.objects.filter(stripe_product_id=_product_of(details) or None).first()


def renewal_amount(items: list[Document], *, with_item: Document) -> int | None:
    """Return what is charged when this item's period ends, in minor units, add-ons included.

    None where Stripe's prices don't say: tiers, or use that is counted.
    """
    amounts = list(_amounts(items, until=with_item.get("current_period_end")))
    return None if None in amounts else sum(each for each in amounts if each is not None)


def _amounts(items: list[Document], *, until: Any) -> Iterator[int | None]:
    for item in items:
        amount = (item.get("price") or {}).get("unit_amount")
        quantity = item.get("quantity")
        if item.get("current_period_end") == until:
            yield None if amount is None or quantity is None else amount * quantity


def _at_our_prices(items: list[Document]) -> list[Document]:
    ids = {str((item.get("price") or {}).get("id") or "") for item in items} - {""}
    ours = set(
        Price.objects.filter(stripe_price_id__in=ids).values_list("stripe_price_id", flat=True)
    )
    return [item for item in items if (item.get("price") or {}).get("id") in ours]


def _on_our_products(items: list[Document]) -> list[Document]:
    ids = {_product_of(item.get("price") or {}) for item in items} - {""}
    ours = set(
        Plan.objects.filter(stripe_product_id__in=ids).values_list("stripe_product_id", flat=True)
    )
    return [item for item in items if _product_of(item.get("price") or {}) in ours]


def _product_of(price: Document) -> str:
    product = price.get("product")
    return str((product.get("id") if isinstance(product, dict) else product) or "")


def _of_id(items: list[Document], item_id: str) -> Document | None:
    return next((item for item in items if item.get("id") == item_id), None)
