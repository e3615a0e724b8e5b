"""What is sold: products and prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.gateway.client import Document, Gone, call_api


def ensure_product(*, plan_code: str, name: str, description: str) -> Document:
    """Return the product of a plan, created or brought up to date; its id follows from the code."""
    product_id = f"plan_{plan_code}"
    fields: dict[str, Any] = {"name": name, "metadata": {"plan": plan_code}}
    if description:
        fields["description"] = description
    new: Any = {"id": product_id, **fields}
    changed: Any = fields
    try:
        return call_api(lambda client: client.v1.products.update(product_id, changed))
    except Gone:  # not there yet
        return call_api(lambda client: client.v1.products.create(new))


def price_by_lookup_key(lookup_key: str) -> Document | None:
    """Return the active price that carries this lookup key, or None."""
    found = call_api(
        lambda client: client.v1.prices.list(
            {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        )
    )
    prices: list[Document] = found["data"]
    return prices[0] if prices else None


def settle_price(price_id: str, *, settled: Mapping[str, Any]) -> Document:
    """Have a price say what can be said of it once and not be changed, and return it."""
    params: Any = dict(settled)
    return call_api(lambda client: client.v1.prices.update(price_id, params))


def price(price_id: str) -> Document:
    """Return a price as it is now; raise `Gone` if Stripe shows none."""
    return call_api(lambda client: client.v1.prices.retrieve(price_id))


def create_price(
    *,
    product_id: str,
    lookup_key: str,
    unit_amount: int,
    currency: str,
    interval: str,
    more: Mapping[str, Any],
    idempotency_key: str,
) -> Document:
    """Create a recurring price that takes over its lookup key; amounts in minor units."""
    params: Any = {
        **more,
        "product": product_id,
        "lookup_key": lookup_key,
        "transfer_lookup_key": True,
        "unit_amount": unit_amount,
        "currency": currency,
        "recurring": {"interval": interval},
    }
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.prices.create(params, options))
