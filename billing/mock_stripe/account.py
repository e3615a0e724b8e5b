"""The account that sells: each state folder of the mock is one, and every key belongs to it."""

from __future__ import annotations

from billing.mock_stripe.calls import Call, Route
from billing.mock_stripe.ids import new_id
from billing.mock_stripe.table import Document

_OWN = "account"


def _retrieve(call: Call) -> Document:
    call.params.only("expand")
    known = call.change.get("_setting", _OWN)
    if known is None:
        known = call.change.put({"object": "_setting", "id": _OWN, "account": new_id("acct")})
    return {
        "id": known["account"],
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": "GR",
        "default_currency": "eur",
        "details_submitted": True,
        "email": None,
        "payouts_enabled": True,
        "type": "standard",
    }


ROUTES: list[Route] = [("GET", "/v1/account", _retrieve)]
