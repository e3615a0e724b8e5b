"""Tax ids of customers: their form is looked at as Stripe does, and what VIES would say is made up."""

from __future__ import annotations

import re

from mock_stripe.errors import invalid
from mock_stripe.events import emit
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document

# Forms by country, as docs.stripe.com/billing/customer/tax-ids lists them: no check digits.
_EU_VAT = {
    "AT": r"U\d{8}", "BE": r"[01]?\d{9}", "BG": r"\d{9,10}", "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}", "DE": r"\d{9}", "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]", "FI": r"\d{8}", "FR": r"[A-Z0-9]{2}\d{9}", "HR": r"\d{11}",
    "HU": r"\d{8}", "IE": r"\d[A-Z0-9]\d{5}[A-Z]{1,2}", "IT": r"\d{11}", "LT": r"(\d{9}|\d{12})",
    "LU": r"\d{8}", "LV": r"\d{11}", "MT": r"\d{8}", "NL": r"\d{9}B\d{2}", "PL": r"\d{10}",
    "PT": r"\d{9}", "RO": r"\d{2,10}", "SE": r"\d{12}", "SI": r"\d{8}", "SK": r"\d{10}",
    "XI": r"(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
}  # fmt: skip
_ISO = {"EL": "GR", "XI": "GB"}
# Stripe's numbers for trying things out: docs.stripe.com/tax/testing, by what is in them.
_SAYS = {"111111111": "unverified", "222222222": "pending"}


def add(change: Change, customer_id: str, given: Params) -> Document:
    """Give a customer a tax id, and tell of it; refused is what has no form that Stripe knows."""
    kind = given.required("type")
    value = given.required("value").replace(" ", "").upper()
    if kind != "eu_vat":
        raise invalid(given.name_of("type"), f"The mock Stripe knows no tax ids of type {kind}.")
    form = _EU_VAT.get(value[:2])
    if form is None or not re.fullmatch(form, value[2:], re.ASCII):
        raise invalid(given.name_of("value"), "Invalid value for eu_vat.", code="tax_id_invalid")
    for known in of_customer(change, customer_id):
        if known["value"] == value:
            return known
    made = {
        "id": new_id("txi"),
        "object": "tax_id",
        "country": _ISO.get(value[:2], value[:2]),
        "created": change.now,
        "customer": customer_id,
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": customer_id, "type": "customer"},
        "type": kind,
        "value": value,
        "verification": _verification("pending"),
    }
    emit(change, "customer.tax_id.created", change.put(made))
    return _verified(change, made)


def _verified(change: Change, tax_id: Document) -> Document:
    """Let VIES answer at once, unless the number is one that is pending for ever."""
    said = next((word for digits, word in _SAYS.items() if digits in tax_id["value"]), "verified")
    if said == "pending":
        return tax_id
    after = change.put(tax_id | {"verification": _verification(said)})
    emit(change, "customer.tax_id.updated", after, {"verification": tax_id["verification"]})
    return after


def _verification(status: str) -> Document:
    name = "MOCK COMPANY" if status == "verified" else None
    return {"status": status, "verified_address": None, "verified_name": name}


def of_customer(change: Change, customer_id: str) -> list[Document]:
    """Return a customer's tax ids, the first one first."""
    return change.find("tax_id", customer=customer_id)[::-1]
