"""What leaves the mock: objects without our own notes, with the references that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_stripe.calls import list_object
from mock_stripe.errors import ApiError
from mock_stripe.store import Change
from mock_stripe.table import Document

# Our own notes on an object stand under this key and never leave.
NOTES = "_mock"
_DEEPEST = 4

# Fields that hold an id, and what the id is of.
_REFERENCES = {
    "charge": "charge",
    "coupon": "coupon",
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "discounts": "discount",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "payment_method": "payment_method",
    "price": "price",
    "product": "product",
    "promotion_code": "promotion_code",
    "schedule": "subscription_schedule",
    "subscription": "subscription",
    "test_clock": "test_helpers.test_clock",
}


def present(document: Document) -> Document:
    """Return an object, or a list of them, as the outside sees it."""
    shown = {name: value for name, value in document.items() if name != NOTES}
    if shown.get("object") == "list":
        shown["data"] = [present(entry) for entry in shown["data"]]
    return shown


def expanded(change: Change, document: Document, paths: list[str]) -> Document:
    """Return what the outside sees, with the objects at these paths in place of their ids."""
    shown = present(document)
    for path in paths:
        steps = path.split(".")
        if len([step for step in steps if step != "data"]) > _DEEPEST:
            raise ApiError(
                400, f"You cannot expand more than {_DEEPEST} levels: {path}", param="expand"
            )
        _expand(change, shown, steps, path)
    return shown


def _expand(change: Change, node: Any, steps: list[str], path: str) -> None:
    if isinstance(node, list):
        for entry in node:
            _expand(change, entry, steps, path)
        return
    field, *rest = steps
    if not isinstance(node, dict):
        raise _not_expandable(path)
    child = _child(change, node, field, path)
    if rest and child is not None:
        _expand(change, child, rest, path)
    elif not rest and not _is_in_full(child, field) and child is not None:
        raise _not_expandable(path)


def _is_in_full(child: Any, field: str) -> bool:
    return isinstance(child, dict) or (isinstance(child, list) and field in _REFERENCES)


def _child(change: Change, node: Document, field: str, path: str) -> Any:
    include = _ON_REQUEST.get((node.get("object", ""), field))
    if include is not None and node.get(field) is None:
        node[field] = include(change, node)
    if field not in node:
        raise _not_expandable(path)
    if field in _REFERENCES:
        node[field] = _in_full(change, _REFERENCES[field], node[field])
    return node[field]


def _in_full(change: Change, kind: str, value: Any) -> Any:
    """Return what an id is of, or each of a list of ids; what is there in full already stays."""
    if isinstance(value, list):
        return [_in_full(change, kind, each) for each in value]
    found = change.get(kind, value) if isinstance(value, str) else None
    return value if found is None else present(found)


def _not_expandable(path: str) -> ApiError:
    return ApiError(400, f"This property cannot be expanded ({path}).", param="expand")


def _line_items(change: Change, node: Document) -> Document:
    session = change.fetch("checkout.session", node["id"])
    return list_object(
        session[NOTES]["line_items"], url=f"/v1/checkout/sessions/{node['id']}/line_items"
    )


def _found(kind: str, facet: str, url: str) -> Callable[[Change, Document], Document]:
    def include(change: Change, node: Document) -> Document:
        data = [present(found) for found in change.find(kind, **{facet: node["id"]})]
        return list_object(data, url=url.format(node["id"]))

    return include


# Fields that are absent unless asked for.
_ON_REQUEST: dict[tuple[str, str], Callable[[Change, Document], Document]] = {
    ("checkout.session", "line_items"): _line_items,
    ("customer", "tax_ids"): _found("tax_id", "customer", "/v1/customers/{}/tax_ids"),
    ("customer", "subscriptions"): _found(
        "subscription", "customer", "/v1/customers/{}/subscriptions"
    ),
    ("charge", "refunds"): _found("refund", "charge", "/v1/charges/{}/refunds"),
    ("invoice", "payments"): _found(
        "invoice_payment", "invoice", "/v1/invoice_payments?invoice={}"
    ),
}
