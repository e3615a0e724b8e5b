"""Sessions of the billing portal, where customers look after their own subscriptions."""

from __future__ import annotations

from mock_stripe.calls import Call, Route
from mock_stripe.customers import live_customer
from mock_stripe.errors import ApiError, invalid, no_such
from mock_stripe.ids import new_id
from mock_stripe.portal_configurations import KIND
from mock_stripe.table import Document


def _create(call: Call) -> Document:
    params = call.params
    params.only("customer", "return_url", "configuration", "flow_data", "locale", "on_behalf_of",
                "expand")  # fmt: skip
    customer = live_customer(call.change, params.required("customer"), param="customer")
    configuration = _configuration(call)
    session_id = new_id("bps")
    return call.change.put(
        {
            "id": session_id,
            "object": "billing_portal.session",
            "configuration": configuration["id"],
            "created": call.change.now,
            "customer": customer["id"],
            "customer_account": None,
            "flow": None,
            "livemode": False,
            "locale": params.text("locale"),
            "on_behalf_of": None,
            "return_url": params.text("return_url") or configuration["default_return_url"],
            "url": f"{call.public_url}/portal/{session_id}",
        }
    )


def _configuration(call: Call) -> Document:
    configuration_id = call.params.text("configuration")
    if configuration_id is None:
        for each in call.change.find(KIND):
            if each["is_default"]:
                return each
        raise ApiError(
            400,
            "No configuration provided and your test mode default configuration has not been "
            "created. Provide a configuration or create your default by saving your customer portal "
            "settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
        )
    found = call.change.get(KIND, configuration_id)
    if found is None:
        raise no_such("configuration", configuration_id, param="configuration", status=400)
    if not found["active"]:
        raise invalid("configuration", f"The configuration {configuration_id} is not active.")
    return found


ROUTES: list[Route] = [("POST", "/v1/billing_portal/sessions", _create)]
