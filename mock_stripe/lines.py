"""Invoice lines: what a period costs, and what a change in its middle gives back and adds."""

from __future__ import annotations

from mock_stripe.ids import new_id
from mock_stripe.periods import next_period_end
from mock_stripe.store import Change
from mock_stripe.table import Document


def regular(
    change: Change,
    subscription: Document,
    *,
    trial: bool = False,
    items: list[Document] | None = None,
) -> list[Document]:
    """Return the lines for the current period of all items, or of these; free in a trial."""
    return [
        _line(
            change,
            subscription,
            item,
            amount=0 if trial else cost(item),
            period=(item["current_period_start"], item["current_period_end"]),
            description=_description(change, item, trial=trial),
        )
        for item in (items_of(subscription) if items is None else items)
    ]


def upcoming(change: Change, subscription: Document) -> list[Document]:
    """Return the lines that the next renewal will have."""
    return regular(change, subscription, items=renewed(subscription))


def renewed(subscription: Document) -> list[Document]:
    """Return the items whose period ends first, in the period that follows it.

    All of them, unless some are paid at another interval: those wait for their own turn.
    """
    first = min(item["current_period_end"] for item in items_of(subscription))
    return [
        item
        | {
            "current_period_start": item["current_period_end"],
            "current_period_end": next_period_end(subscription, item),
        }
        for item in items_of(subscription)
        if item["current_period_end"] == first
    ]


def prorations(change: Change, before: Document, after: Document, *, at: int) -> list[Document]:
    """Return what is given back for the unused part of the old items and due for the new ones."""
    old = {item["id"]: item for item in items_of(before)}
    new = {item["id"]: item for item in items_of(after)}
    changed = [
        item_id
        for item_id in {**old, **new}
        if _terms(old.get(item_id)) != _terms(new.get(item_id))
    ]
    back = [_part(change, before, old[item], at, sign=-1) for item in changed if item in old]
    due = [_part(change, after, new[item], at, sign=1) for item in changed if item in new]
    return [line for pair in (back, due) for line in pair]


def items_of(subscription: Document) -> list[Document]:
    """Return a subscription's items."""
    items: list[Document] = subscription["items"]["data"]
    return items


def cost(item: Document) -> int:
    """Return what one period of an item costs, in minor units."""
    return int(item["price"]["unit_amount"] * item["quantity"])


def _terms(item: Document | None) -> tuple[str, int] | None:
    return None if item is None else (item["price"]["id"], item["quantity"])


def _part(
    change: Change, subscription: Document, item: Document, at: int, *, sign: int
) -> Document:
    start, end = item["current_period_start"], item["current_period_end"]
    # Half up, in integers: money never passes through a float.
    part = (2 * cost(item) * (end - at) + (end - start)) // (2 * (end - start))
    word = "Unused time on" if sign < 0 else "Remaining time on"
    line = _line(
        change,
        subscription,
        item,
        amount=sign * part,
        period=(at, end),
        description=f"{word} {_product_name(change, item)}",
    )
    details = line["parent"]["subscription_item_details"]
    details |= {"invoice_item": new_id("ii"), "proration": True}
    return line


def _line(
    change: Change,
    subscription: Document,
    item: Document,
    *,
    amount: int,
    period: tuple[int, int],
    description: str,
) -> Document:
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": item["price"]["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": subscription["metadata"],
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": item["price"]["id"], "product": item["price"]["product"]},
            "type": "price_details",
            "unit_amount_decimal": item["price"]["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "quantity_decimal": str(item["quantity"]),
        "subscription": subscription["id"],
        "subtotal": amount,
        "taxes": [],
    }


def _description(change: Change, item: Document, *, trial: bool) -> str:
    name = _product_name(change, item)
    if trial:
        return f"Trial period for {name}"
    amount = item["price"]["unit_amount"] / 100
    currency = item["price"]["currency"].upper()
    return f"{item['quantity']} × {name} (at {amount:.2f} {currency} / {_interval(item)})"  # noqa: RUF001  # as Stripe writes


def _interval(item: Document) -> str:
    recurring = item["price"]["recurring"]
    word, count = recurring["interval"], recurring["interval_count"]
    return word if count == 1 else f"every {count} {word}s"


def _product_name(change: Change, item: Document) -> str:
    product = change.get("product", item["price"]["product"]) or {}
    return str(product.get("name", item["price"]["product"]))
