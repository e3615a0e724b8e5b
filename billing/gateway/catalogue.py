"""What is sold: products and prices."""

from __future__ import annotations

from typing import Any

from billing.gateway.client import Document, call_api, fetch


def ensure_product(*, plan_code: str, name: str, description: str) -> Document:
    """Return the product of a plan, created or brought up to date; its id follows from the code."""
    product_id = f"plan_{plan_code}"
    fields: dict[str, Any] = {"name": name, "metadata": {"plan": plan_code}}
    if description:
        fields["description"] = description
    new: Any = {"id": product_id, **fields}
    changed: Any = fields
    if fetch(lambda client: client.v1.products.retrieve(product_id)) is None:
        return call_api(lambda client: client.v1.products.create(new))
    return call_api(lambda client: client.v1.products.update(product_id, changed))


def price_by_lookup_key(lookup_key: str) -> Document | None:
    """Return the active price that carries this lookup key, or None."""
    found = call_api(
        lambda client: client.v1.prices.list(
            {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        )
    )
    prices: list[Document] = found["data"]
    return prices[0] if prices else None


def create_price(
    *, product_id: str, lookup_key: str, unit_amount: int, currency: str, interval: str
) -> Document:
    """Create a recurring price that takes over its lookup key; amounts in minor units."""
    params: Any = {
        "product": product_id,
        "lookup_key": lookup_key,
        "transfer_lookup_key": True,
        "unit_amount": unit_amount,
        "currency": currency,
        "recurring": {"interval": interval},
    }
    return call_api(lambda client: client.v1.prices.create(params))
