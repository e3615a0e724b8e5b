"""Products and prices."""

from __future__ import annotations

from mock_stripe.calls import LIST_PARAMS, Call, Route, page, retrieve
from mock_stripe.errors import ApiError, invalid, missing_parameter
from mock_stripe.events import emit, put_and_emit
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document, Where

_PRODUCT_TEXTS = ("name", "description", "statement_descriptor", "unit_label", "url", "tax_code")
_PRODUCT_PARAMS = (*_PRODUCT_TEXTS, "active", "images", "metadata", "expand", "shippable")
_PRICE_PARAMS = (
    "active", "metadata", "nickname", "lookup_key", "transfer_lookup_key", "tax_behavior", "expand",
)  # fmt: skip
_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


def _create_product(call: Call) -> Document:
    params = call.params
    params.only(*_PRODUCT_PARAMS, "id", "type", "default_price_data")
    product_id = params.text("id") or new_id("prod")
    if call.change.get("product", product_id) is not None:
        raise invalid("id", f"Product already exists: {product_id}", code="resource_already_exists")
    params.required("name")
    product = _changed_product(params, _blank_product(product_id, call.change.now))
    emit(call.change, "product.created", call.change.put(product))
    return product


def _blank_product(product_id: str, now: int) -> Document:
    return {
        "id": product_id,
        "object": "product",
        "active": True,
        "created": now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": "",
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "tax_details": None,
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }


def _changed_product(params: Params, product: Document) -> Document:
    changed = product | {name: params.text(name) for name in _PRODUCT_TEXTS if name in params}
    if "active" in params:
        changed["active"] = params.boolean("active")
    if "images" in params:
        changed["images"] = params.texts("images")
    return changed | {"metadata": params.merged_metadata(product["metadata"])}


def _update_product(call: Call) -> Document:
    call.params.only(*_PRODUCT_PARAMS, "default_price")
    before = call.change.fetch("product", call.id)
    after = _changed_product(call.params, before) | {"updated": call.change.now}
    if "default_price" in call.params:
        price = call.params.required("default_price")
        after["default_price"] = call.change.fetch("price", price, param="default_price")["id"]
    return put_and_emit(call.change, "product.updated", before, after)


def _delete_product(call: Call) -> Document:
    call.params.only()
    product = call.change.fetch("product", call.id)
    if call.change.find("price", product=call.id):
        raise ApiError(
            400, "This product cannot be deleted because it has one or more user-created prices."
        )
    call.change.remove("product", call.id)
    emit(call.change, "product.deleted", product)
    return {"id": call.id, "object": "product", "deleted": True}


def _list_products(call: Call) -> Document:
    call.params.only(*LIST_PARAMS, "active", "ids")
    where: Where = {"active": {call.params.required("active")}} if "active" in call.params else {}
    ids = set(call.params.texts("ids"))
    return page(call, "product", where, keep=lambda product: not ids or product in ids)


def _create_price(call: Call) -> Document:
    params = call.params
    params.only(
        *_PRICE_PARAMS, "currency", "unit_amount", "recurring", "product", "product_data",
        "billing_scheme",
    )  # fmt: skip
    currency = params.required("currency").lower()
    amount = params.integer("unit_amount")
    if amount is None:
        raise missing_parameter("unit_amount")
    if amount < 0:
        raise invalid("unit_amount", "Invalid non-negative integer")
    recurring = _recurring(params.nested("recurring")) if "recurring" in params else None
    price = {
        "id": new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": call.change.now,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": _product_of(call),
        "recurring": recurring,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time" if recurring is None else "recurring",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
    price = _changed_price(call, price)
    emit(call.change, "price.created", call.change.put(price))
    return price


def _recurring(params: Params) -> Document:
    params.only("interval", "interval_count", "usage_type", "trial_period_days", "meter")
    params.required("interval")
    interval = params.choice("interval", *_LONGEST) or ""
    count = params.integer("interval_count") or 1
    if not 1 <= count <= _LONGEST[interval]:
        raise invalid(params.name_of("interval_count"), "The longest interval is three years.")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "trial_period_days": params.integer("trial_period_days"),
        "usage_type": "licensed",
    }


def _product_of(call: Call) -> str:
    if "product" in call.params:
        product_id = call.params.required("product")
        call.change.fetch("product", product_id, param="product")
        return product_id
    if "product_data" not in call.params:
        raise missing_parameter("product")
    given = call.params.nested("product_data")
    given.required("name")
    product = _changed_product(given, _blank_product(new_id("prod"), call.change.now))
    emit(call.change, "product.created", call.change.put(product))
    return str(product["id"])


def _update_price(call: Call) -> Document:
    call.params.only(*_PRICE_PARAMS)
    before = call.change.fetch("price", call.id)
    return put_and_emit(call.change, "price.updated", before, _changed_price(call, before))


def _changed_price(call: Call, price: Document) -> Document:
    params = call.params
    changed = price | {"metadata": params.merged_metadata(price["metadata"])}
    if "active" in params:
        changed["active"] = params.boolean("active")
    if "tax_behavior" in params:
        changed["tax_behavior"] = params.choice(
            "tax_behavior", "exclusive", "inclusive", "unspecified"
        )
    if "nickname" in params:
        changed["nickname"] = params.text("nickname")
    if "lookup_key" in params:
        changed["lookup_key"] = params.text("lookup_key")
        _free_lookup_key(call, changed)
    return changed


def _free_lookup_key(call: Call, price: Document) -> None:
    """Take the lookup key from the price that has it, if the call allows that."""
    if price["lookup_key"] is None:
        return
    for holder in call.change.find("price", lookup_key=price["lookup_key"]):
        if holder["id"] == price["id"]:
            continue
        if not call.params.boolean("transfer_lookup_key"):
            raise invalid("lookup_key", f"A price (`{holder['id']}`) already uses that lookup key.")
        put_and_emit(call.change, "price.updated", holder, holder | {"lookup_key": None})


def _list_prices(call: Call) -> Document:
    params = call.params
    params.only(*LIST_PARAMS, "active", "currency", "product", "type", "lookup_keys", "recurring")
    where: dict[str, set[str]] = {
        name: {params.required(name)}
        for name in ("active", "currency", "product", "type")
        if name in params
    }
    if "lookup_keys" in params:
        where["lookup_key"] = set(params.texts("lookup_keys"))
    interval = params.nested("recurring").text("interval")

    def keep(price_id: str) -> bool:
        recurring = call.change.fetch("price", price_id)["recurring"] or {}
        return interval is None or recurring.get("interval") == interval

    return page(call, "price", where, keep=keep)


def fetch_recurring(change: Change, price_id: str, *, param: str) -> Document:
    """Return an active recurring price, or raise Stripe's error about this parameter."""
    price = change.fetch("price", price_id, param=param)
    if not price["active"]:
        raise invalid(param, f"The price specified is inactive. This field only accepts active "
                             f"prices: {price_id}", code="price_inactive")  # fmt: skip
    if price["recurring"] is None:
        raise invalid(param, "The price specified is set to `type=one_time` but this field only "
                             "accepts prices with `type=recurring`.")  # fmt: skip
    return price


ROUTES: list[Route] = [
    ("POST", "/v1/products", _create_product),
    ("GET", "/v1/products", _list_products),
    ("GET", "/v1/products/<id>", retrieve("product")),
    ("POST", "/v1/products/<id>", _update_product),
    ("DELETE", "/v1/products/<id>", _delete_product),
    ("POST", "/v1/prices", _create_price),
    ("GET", "/v1/prices", _list_prices),
    ("GET", "/v1/prices/<id>", retrieve("price")),
    ("POST", "/v1/prices/<id>", _update_price),
]
