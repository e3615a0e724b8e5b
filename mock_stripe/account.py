"""The account that sells: each state folder of the mock is one, and every key belongs to it."""

from __future__ import annotations

from mock_stripe.calls import Call, Route
from mock_stripe.errors import ApiError
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document


def _retrieve(call: Call) -> Document:
    call.params.only("expand")
    own = _id_of(call.change)
    if call.ids.get("id", own) != own:
        raise ApiError(403, f"The key does not have access to account '{call.id}'.",
                       code="account_invalid")  # fmt: skip
    return {"id": own, **_ACCOUNT}


def _id_of(change: Change) -> str:
    """Return the id that this state has had since somebody first asked for it."""
    kept = change.get("_setting", "account")
    if kept is None:
        kept = change.put({"object": "_setting", "id": "account", "account": new_id("acct")})
    return str(kept["account"])


_ACCOUNT: Document = {
    "object": "account",
    "business_profile": {"name": "New Concierge (mock)", "url": None},
    "business_type": "company",
    "capabilities": {"card_payments": "active", "transfers": "active"},
    "charges_enabled": True,
    "country": "GR",
    "created": 1_700_000_000,
    "default_currency": "eur",
    "details_submitted": True,
    "email": "billing@example.com",
    "metadata": {},
    "payouts_enabled": True,
    "settings": {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {"statement_descriptor_prefix": None},
        "dashboard": {"display_name": "New Concierge (mock)", "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": "NEW CONCIERGE"},
    },
    "type": "standard",
}

ROUTES: list[Route] = [
    ("GET", "/v1/account", _retrieve),
    ("GET", "/v1/accounts/<id>", _retrieve),
]
