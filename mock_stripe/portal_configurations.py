"""Configurations of the billing portal: what customers may do there."""

from __future__ import annotations

from mock_stripe.calls import PAGE_PARAMS, Call, Route, page, retrieve
from mock_stripe.errors import invalid, missing_parameter
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.table import Document

KIND = "billing_portal.configuration"
_UPDATES = ("address", "email", "name", "phone", "shipping", "tax_id")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "customer_update": ("allowed_updates",),
    "invoice_history": (),
    "payment_method_update": ("payment_method_configuration",),
    "subscription_cancel": ("cancellation_reason", "mode", "proration_behavior"),
    "subscription_update": (
        "billing_cycle_anchor", "default_allowed_updates", "products", "proration_behavior",
        "schedule_at_period_end", "trial_update_behavior",
    ),
}  # fmt: skip
_PARAMS = ("business_profile", "default_return_url", "features", "login_page", "metadata", "name",
           "expand")  # fmt: skip
_OFF: Document = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {
        "duration": {"interval_options": [], "type": "indefinite"},
        "enabled": False,
    },
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}


def _create(call: Call) -> Document:
    params = call.params
    params.only(*_PARAMS)
    if "features" not in params:
        raise missing_parameter("features")
    blank: Document = {
        "id": new_id("bpc"),
        "object": KIND,
        "active": True,
        "application": None,
        "business_profile": dict.fromkeys(
            ("headline", "privacy_policy_url", "terms_of_service_url")
        ),
        "created": call.change.now,
        "default_return_url": None,
        "features": _OFF,
        # The default is what somebody saves in the Dashboard: the API makes none.
        "is_default": False,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": call.change.now,
    }
    return call.change.put(_changed(call, blank))


def _update(call: Call) -> Document:
    call.params.only(*_PARAMS, "active")
    after = _changed(call, call.change.fetch(KIND, call.id))
    active = call.params.boolean("active")
    return call.change.put(after if active is None else after | {"active": active})


def _changed(call: Call, before: Document) -> Document:
    params = call.params
    profile, page_of = params.nested("business_profile"), params.nested("login_page")
    profile.only(*before["business_profile"])
    page_of.only("enabled")
    after = before | {
        "business_profile": before["business_profile"]
        | {name: profile.text(name) for name in profile.names()},
        "features": _features(params.nested("features"), before["features"]),
        "metadata": params.merged_metadata(before["metadata"]),
        "updated": call.change.now,
    }
    for name in ("default_return_url", "name"):
        if name in params:
            after[name] = params.text(name)
    if page_of.names():
        on = bool(page_of.boolean("enabled"))
        url = f"{call.public_url}/portal/login/{before['id']}" if on else None
        after["login_page"] = {"enabled": on, "url": url}
    return after


def _features(given: Params, before: Document) -> Document:
    given.only(*_OPTIONS)
    return before | {name: _feature(given.nested(name), name, before) for name in given.names()}


def _feature(given: Params, name: str, before: Document) -> Document:
    given.only("enabled", *_OPTIONS[name])
    on = given.boolean("enabled")
    if on is None:
        raise missing_parameter(given.name_of("enabled"))
    after: Document = before[name] | {"enabled": on}
    if name == "customer_update":
        return after | {"allowed_updates": _allowed(given, before[name], on=on)}
    if name == "subscription_update" and on and "products" not in given:
        raise missing_parameter(given.name_of("products"))
    for option in ("mode", "proration_behavior"):
        if option in given:
            after[option] = given.text(option)
    return after


def _allowed(given: Params, before: Document, *, on: bool) -> list[str]:
    allowed = given.texts("allowed_updates") if "allowed_updates" in given else None
    if allowed is None:
        allowed = list(before["allowed_updates"])
    for each in allowed:
        if each not in _UPDATES:
            known = ", ".join(_UPDATES)
            raise invalid(given.name_of("allowed_updates"), f"Invalid: must be one of {known}")
    if on and not allowed:
        raise missing_parameter(given.name_of("allowed_updates"))
    return allowed


def _list(call: Call) -> Document:
    params = call.params
    params.only(*PAGE_PARAMS, "active", "is_default")
    wanted = {name: params.boolean(name) for name in ("active", "is_default") if name in params}

    def keep(configuration_id: str) -> bool:
        found = call.change.fetch(KIND, configuration_id)
        return all(found[name] == value for name, value in wanted.items())

    return page(call, KIND, {}, keep=keep)


ROUTES: list[Route] = [
    ("POST", "/v1/billing_portal/configurations", _create),
    ("GET", "/v1/billing_portal/configurations", _list),
    ("GET", "/v1/billing_portal/configurations/<id>", retrieve(KIND)),
    ("POST", "/v1/billing_portal/configurations/<id>", _update),
]
