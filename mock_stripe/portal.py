"""Sessions of the billing portal, where customers look after their own subscriptions."""

from __future__ import annotations

from mock_stripe.calls import Call, Route
from mock_stripe.customers import live_customer
from mock_stripe.ids import new_id
from mock_stripe.table import Document


def _create(call: Call) -> Document:
    params = call.params
    params.only("customer", "return_url", "configuration", "flow_data", "locale", "on_behalf_of",
                "expand")  # fmt: skip
    customer = live_customer(call.change, params.required("customer"), param="customer")
    session_id = new_id("bps")
    return call.change.put(
        {
            "id": session_id,
            "object": "billing_portal.session",
            "configuration": params.text("configuration") or "bpc_1MockPortalConfiguration",
            "created": call.change.now,
            "customer": customer["id"],
            "customer_account": None,
            "flow": None,
            "livemode": False,
            "locale": params.text("locale"),
            "on_behalf_of": None,
            "return_url": params.text("return_url"),
            "url": f"{call.public_url}/portal/{session_id}",
        }
    )


ROUTES: list[Route] = [("POST", "/v1/billing_portal/sessions", _create)]
