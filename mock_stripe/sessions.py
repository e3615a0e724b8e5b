"""Checkout sessions: made, read, and expired."""

from __future__ import annotations

from typing import Any

from mock_stripe import discounts
from mock_stripe.calls import LIST_PARAMS, PAGE_PARAMS, Call, Route, list_object, page, retrieve
from mock_stripe.catalogue import fetch_recurring
from mock_stripe.customers import live_customer
from mock_stripe.errors import ApiError, invalid, missing_parameter
from mock_stripe.events import put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.revision import trial_end_behaviour
from mock_stripe.store import Change
from mock_stripe.table import Document

_SHORTEST, _LONGEST = 30 * 60, 24 * 3600
_MOST_TRIAL_DAYS = 730
# Accepted and without effect here: they change what Stripe's own page asks for.
_WITHOUT_EFFECT = (
    "consent_collection", "custom_fields",
    "custom_text", "customer_creation", "allowed_payment_method_types",
    "payment_method_options", "phone_number_collection",
    "saved_payment_method_options", "submit_type", "ui_mode",
    "adaptive_pricing", "branding_settings", "name_collection",
    "origin_context", "integration_identifier",
)  # fmt: skip
_PARAMS = (
    "mode", "line_items", "success_url", "cancel_url", "client_reference_id", "customer",
    "customer_email", "metadata", "subscription_data", "expires_at", "locale", "currency",
    "expand", "automatic_tax", "billing_address_collection", "customer_update", "tax_id_collection",
    "payment_method_collection", "discounts", "allow_promotion_codes", *_WITHOUT_EFFECT,
)  # fmt: skip
_EVENT = "checkout.session.expired"


def runs_out_at(session: Document) -> int:
    """Return when a session expires by the mock's clock.

    Whoever makes one knows the real time alone, as with Stripe's test clocks: `expires_at` is of the
    real time, and what the clock was put forward before does not count.
    """
    return int(session["expires_at"]) + int(session[NOTES].get("ahead", 0))


def expire(change: Change, session: Document) -> Document:
    """Close a session that nobody completed."""
    return put_and_emit(change, _EVENT, session, session | {"status": "expired", "url": None})


def _create(call: Call) -> Document:
    params = call.params
    params.only(*_PARAMS)
    if params.choice("mode", "payment", "setup", "subscription") != "subscription":
        raise invalid("mode", "The mock Stripe only has checkout sessions of mode=subscription.")
    if "customer" in params and "customer_email" in params:
        raise invalid(
            "customer_email", "You may only specify one of these: customer, customer_email."
        )
    items = _line_items(call)
    session_id = new_id("cs_test")
    wanted = _discounts(call, currency=items[0]["currency"])
    full = sum(item["amount_subtotal"] for item in items)
    amount = full - _off(call, items, wanted)
    trial = _trial_days(params, call.change.now)
    total = 0 if trial else amount
    fields = {
        "allow_promotion_codes": params.boolean("allow_promotion_codes"),
        "amount_subtotal": 0 if trial else full,
        "amount_total": total,
        "cancel_url": _address(params.text("cancel_url"), session_id),
        "client_reference_id": params.text("client_reference_id"),
        "currency": items[0]["currency"],
        "customer_email": params.text("customer_email"),
        "expires_at": _expiry(params, call.change.now - call.change.ahead),
        "id": session_id,
        "locale": params.text("locale"),
        "metadata": params.merged_metadata({}),
        "payment_method_collection": _asks_for_card(params),
        "success_url": _address(params.required("success_url"), session_id),
        "url": f"{call.public_url}/pay/{session_id}",
    }
    customer, collected = _customer(call), _collected(call)
    update = collected.pop("customer_update")
    session = _blank(call.change.now) | fields | customer | collected
    session["total_details"]["amount_discount"] = 0 if trial else full - amount
    session[NOTES] = {
        "discounts": [each | {"checkout_session": session_id} for each in wanted],
        "trial_settings": _trial_settings(params),
        "ahead": call.change.ahead,
        "customer_update": update,
        "line_items": items,
        "amount": amount,
        "subscription_metadata": params.nested("subscription_data").merged_metadata({}),
        "trial_days": trial,
    }
    return call.change.put(session)


def _discounts(call: Call, *, currency: str) -> list[Document]:
    params = call.params
    if "discounts" in params and "allow_promotion_codes" in params:
        raise invalid("discounts", "You may only specify one of these parameters: "
                                   "allow_promotion_codes, discounts.")  # fmt: skip
    wanted = discounts.given(
        call.change,
        params,
        subscription=None,
        customer=params.text("customer"),
        currency=currency,
        ways=discounts.NEW,
    )
    if len(wanted) > 1:
        raise invalid("discounts", "A Checkout Session may have one discount.")
    return wanted


def _off(call: Call, items: list[Document], wanted: list[Document]) -> int:
    return sum(off for _item, off in discounted(call.change, items, wanted))


def discounted(
    change: Change, items: list[Document], wanted: list[Document]
) -> list[tuple[Document, int]]:
    """Return each item with what these discounts take off it."""
    lines = [
        {"amount": item["amount_subtotal"], "discount_amounts": [], "discountable": True}
        for item in items
    ]
    lines, _totals = discounts.taken_off(change, lines, wanted, at=change.now)
    offs = [sum(int(each["amount"]) for each in line["discount_amounts"]) for line in lines]
    return list(zip(items, offs, strict=True))


def _asks_for_card(params: Params) -> str:
    return params.choice("payment_method_collection", "always", "if_required") or "always"


def _trial_settings(params: Params) -> Document | None:
    given = params.nested("subscription_data")
    if "trial_settings" not in given:
        return None
    behaviour = trial_end_behaviour(given.nested("trial_settings"))
    return {"end_behavior": {"missing_payment_method": behaviour}}


def _customer(call: Call) -> Document:
    email = call.params.text("customer_email")
    if "customer" not in call.params:
        return {"customer_details": details(email) if email else None}
    customer_id = call.params.required("customer")
    customer = live_customer(call.change, customer_id, param="customer")
    return {
        "customer": customer_id,
        "customer_creation": None,
        "customer_details": details(customer["email"]),
    }


def _collected(call: Call) -> Document:
    """Return what the page asks for beside the card; refused is what Stripe can't do with it."""
    params = call.params
    tax, ids = params.nested("automatic_tax"), params.nested("tax_id_collection")
    update = params.nested("customer_update")
    tax.only("enabled", "liability")
    ids.only("enabled", "required")
    update.only("address", "name", "shipping")
    kept = {name: update.choice(name, "auto", "never") == "auto" for name in ("address", "name")}
    customer = call.change.get("customer", params.text("customer"))
    if customer is None and update.names():
        raise invalid("customer_update", "`customer_update` can only be used with `customer`.")
    if customer is not None and ids.boolean("enabled") and not kept["name"]:
        raise invalid("customer", "Tax ID collection requires updating business name on the "
                                  "customer. To enable tax ID collection for an existing customer, "
                                  "please set `customer_update[name]` to `auto`.")  # fmt: skip
    placed = customer is None or customer["address"] or kept["address"]
    if tax.boolean("enabled") and not placed:
        raise invalid(
            "customer",
            "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a "
            "valid address to the Customer or set either `customer_update[address]` to 'auto' or "
            "`customer_update[shipping]` to 'auto' to save the address entered in Checkout to the "
            "Customer.",
            code="customer_tax_location_invalid",
        )
    on = bool(tax.boolean("enabled"))
    asked = params.choice("billing_address_collection", "auto", "required")
    return {
        "automatic_tax": {"enabled": on, "liability": {"type": "self"} if on else None,
                          "provider": "stripe" if on else None,
                          "status": "requires_location_inputs" if on else None},
        "billing_address_collection": asked,
        "customer_update": kept,
        "tax_id_collection": {"enabled": bool(ids.boolean("enabled")),
                              "required": ids.text("required") or "never"},
    }  # fmt: skip


def details(email: str | None) -> Document:
    """Return what a session says about who pays."""
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _line_items(call: Call) -> list[Document]:
    items = [_line_item(call, given) for given in call.params.each("line_items")]
    if not items:
        raise missing_parameter("line_items")
    if len({item["currency"] for item in items}) > 1:
        raise invalid("line_items", "All line items must have the same currency.")
    return items


def _line_item(call: Call, given: Params) -> Document:
    given.only("price", "quantity", "adjustable_quantity", "tax_rates")
    param = given.name_of("price")
    price = fetch_recurring(call.change, given.required("price"), param=param)
    quantity = given.integer("quantity")
    if quantity is None:
        raise missing_parameter(given.name_of("quantity"))
    if quantity < 1:
        raise invalid(given.name_of("quantity"), "This value must be greater than or equal to 1.")
    amount = price["unit_amount"] * quantity
    product = call.change.get("product", price["product"]) or {}
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product.get("name"),
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def _trial_days(params: Params, now: int) -> int:
    given = params.nested("subscription_data")
    given.only(
        "metadata", "trial_period_days", "trial_end", "trial_settings", "description",
        "billing_cycle_anchor", "proration_behavior", "billing_mode", "invoice_settings",
    )  # fmt: skip
    days = given.integer("trial_period_days")
    if days is not None and not 1 <= days <= _MOST_TRIAL_DAYS:
        raise invalid(
            given.name_of("trial_period_days"), f"Must be between 1 and {_MOST_TRIAL_DAYS}."
        )
    until = given.integer("trial_end")
    if until is not None and until <= now:  # also for a customer with a test clock in the past
        raise invalid(given.name_of("trial_end"), "The `trial_end` date has to be in the future.")
    return days or (0 if until is None else max(1, (until - now) // 86_400))


def _expiry(params: Params, now: int) -> int:
    at = params.integer("expires_at")
    if at is None:
        return now + _LONGEST
    if not now + _SHORTEST <= at <= now + _LONGEST:
        raise invalid("expires_at", "The `expires_at` timestamp must be at least 30 minutes and "
                                    "less than 24 hours from Checkout Session creation.")  # fmt: skip
    return at


def _address(url: str | None, session_id: str) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise invalid("success_url", f"Not a valid URL: {url}", code="url_invalid")
    return None if url is None else url.replace("{CHECKOUT_SESSION_ID}", session_id)


def _list(call: Call) -> Document:
    params = call.params
    facets = ("customer", "subscription", "payment_intent", "status")
    params.only(*LIST_PARAMS, *facets, "customer_details")
    where = {name: {params.required(name)} for name in facets if name in params}
    email = params.nested("customer_details").text("email")

    def keep(session_id: str) -> bool:
        session = call.change.fetch("checkout.session", session_id)
        return (session["customer_details"] or {}).get("email") == email

    return page(call, "checkout.session", where, keep=keep if email else None)


def _expire(call: Call) -> Document:
    call.params.only("expand")
    session = call.change.fetch("checkout.session", call.id)
    if session["status"] != "open":
        raise ApiError(
            400,
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}.",
        )
    return expire(call.change, session)


def _items(call: Call) -> Document:
    call.params.only(*PAGE_PARAMS)
    session = call.change.fetch("checkout.session", call.id)
    return list_object(session[NOTES]["line_items"], url=call.url)


def _update(call: Call) -> Document:
    call.params.only("metadata", "expand")
    session = call.change.fetch("checkout.session", call.id)
    return call.change.put(session | {"metadata": call.params.merged_metadata(session["metadata"])})


ROUTES: list[Route] = [
    ("POST", "/v1/checkout/sessions", _create),
    ("GET", "/v1/checkout/sessions", _list),
    ("GET", "/v1/checkout/sessions/<id>", retrieve("checkout.session")),
    ("POST", "/v1/checkout/sessions/<id>", _update),
    ("POST", "/v1/checkout/sessions/<id>/expire", _expire),
    ("GET", "/v1/checkout/sessions/<id>/line_items", _items),
]


def _blank(now: int) -> dict[str, Any]:
    return {
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        "customer": None,
        "customer_account": None,
        "customer_creation": "always",
        "discounts": [],
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "mode": "subscription",
        "optional_items": None,
        "origin_context": None,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "always",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "presentment_details": None,
        "recovered_from": None,
        "return_url": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "tax_id_collection": {"enabled": False, "required": "never"},
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "wallet_options": None,
    }
