"""Which item of a subscription is the plan's; whatever else is charged with it are add-ons.

Stripe lists items in no order that means anything: an add-on may come first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from billing.models import Plan, Price, Subscription

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
    """Return what a period costs by list prices, in minor units, with all that is paid as often.

    None where Stripe's prices don't say: tiers, or use that is counted.
    """
    often = interval_of(with_item)
    amounts = [amount_of(item) for item in items if interval_of(item) == often]
    return None if None in amounts else sum(each for each in amounts if each is not None)


def amount_of(item: Document) -> int | None:
    """Return what a period of an item costs by its list price, or None if that doesn't say."""
    amount = (item.get("price") or {}).get("unit_amount")
    quantity = item.get("quantity")
    return None if amount is None or quantity is None else amount * quantity


def interval_of(item: Document) -> tuple[str, int]:
    """Return how often an item is paid, such as every three months."""
    recurring = (item.get("price") or {}).get("recurring") or {}
    return str(recurring.get("interval") or ""), int(recurring.get("interval_count") or 1)


def told(items: list[Document], *, plans: Document) -> list[Document]:
    """Return what is to be known of each item, the plan's first: names, prices, how often."""
    ordered = sorted(items, key=lambda item: item is not plans)
    return [_told(item, is_plan=item is plans) for item in ordered]


def _told(item: Document, *, is_plan: bool) -> Document:
    price = item.get("price") or {}
    interval, count = interval_of(item)
    return {
        "id": item.get("id") or "",
        "name": _name(price),
        "is_plan": is_plan,
        "quantity": item.get("quantity"),
        "unit_amount": price.get("unit_amount"),
        "amount": amount_of(item),
        "currency": str(price.get("currency") or ""),
        "interval": interval,
        "interval_count": count,
    }


def _name(price: Document) -> str:
    """Return what Stripe calls what is sold: the product's name, if it came along."""
    product = price.get("product")
    called = product.get("name") if isinstance(product, dict) else ""
    return str(called or price.get("nickname") or "")


def sums(row: Subscription) -> Iterator[Document]:
    """Yield what is charged together for a subscription: a sum for each interval.

    An amount is None where a price of an item doesn't say it. A row that was mirrored before items
    were has the sum of its plan's interval alone.
    """
    if row.items:
        yield from _sums_of(row.items)
    elif row.renewal_amount is not None:
        yield {
            "amount": row.renewal_amount,
            "currency": row.currency,
            "interval": row.interval,
            "interval_count": row.interval_count,
        }


def _sums_of(items: list[Document]) -> Iterator[Document]:
    for often in dict.fromkeys((item["interval"], item["interval_count"]) for item in items):
        alike = [item for item in items if (item["interval"], item["interval_count"]) == often]
        amounts = [item["amount"] for item in alike]
        yield {
            "amount": None if None in amounts else sum(amounts),
            "currency": alike[0]["currency"],
            "interval": often[0],
            "interval_count": often[1],
        }


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
