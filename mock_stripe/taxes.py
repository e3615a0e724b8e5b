"""Stripe Tax: what is added to an invoice or held in its lines, by where the customer is.

The seller is in Greece and sells a service: within the EU at the customer's rate, and a business of
another country that proves itself by a VAT number owes the tax itself.
"""

from __future__ import annotations

from mock_stripe import tax_ids
from mock_stripe.calls import Call, Route, listing, retrieve
from mock_stripe.store import Change
from mock_stripe.table import Document

HOME = "GR"
# Standard rates in per cent: taxation-customs.ec.europa.eu, November 2026. Elsewhere: not collected.
_RATES = {
    "GR": ("Greece", 24), "AT": ("Austria", 20), "BE": ("Belgium", 21), "BG": ("Bulgaria", 20),
    "CY": ("Cyprus", 19), "DE": ("Germany", 19), "ES": ("Spain", 21), "FR": ("France", 20),
    "IE": ("Ireland", 23), "IT": ("Italy", 22), "NL": ("Netherlands", 21),
}  # fmt: skip
_NONE = {"amount": 0, "taxable_amount": 0}


def is_on(subscription: Document) -> bool:
    """Say whether Stripe works out the tax of a subscription."""
    return bool((subscription.get("automatic_tax") or {}).get("enabled"))


def taxed(
    change: Change, subscription: Document, customer: Document, lines: list[Document]
) -> list[Document]:
    """Return lines with their taxes; without Stripe Tax they are as they were."""
    if not is_on(subscription) or not _country(customer):
        return lines
    return [line | {"taxes": [_tax_on(change, customer, line)]} for line in lines]


def amount_with_tax(
    change: Change, customer: Document, price: Document, quantity: int, *, off: int = 0
) -> int:
    """Return what a customer pays for a price with tax, less so much of a discount."""
    line = {"amount": price["unit_amount"] * quantity, "currency": price["currency"],
            "discount_amounts": [{"amount": off}],
            "pricing": {"price_details": {"price": price["id"]}}}  # fmt: skip
    if not _country(customer):
        return int(line["amount"]) - off
    return int(line["amount"]) - off + added([line | {"taxes": [_tax_on(change, customer, line)]}])


def added(lines: list[Document]) -> int:
    """Return the tax that is charged beside what the lines say."""
    return sum(_amount(tax) for tax in _taxes_of(lines) if tax["tax_behavior"] == "exclusive")


def sums(
    change: Change, subscription: Document, customer: Document, lines: list[Document], total: int
) -> Document:
    """Return the fields of an invoice that tell of tax."""
    taxes = _taxes_of(lines)
    inside = sum(_amount(tax) for tax in taxes if tax["tax_behavior"] == "inclusive")
    subtotal = sum(line["amount"] for line in lines)
    on = is_on(subscription)
    status = ("complete" if _country(customer) else "requires_location_inputs") if on else None
    return {
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": on,
            "liability": {"type": "self"} if on else None,
            "provider": "stripe" if on else None,
            "status": status,
        },
        "customer_tax_ids": [
            {"type": each["type"], "value": each["value"]}
            for each in tax_ids.of_customer(change, customer["id"])
        ]
        if customer
        else [],
        "subtotal_excluding_tax": subtotal - inside,
        "total_excluding_tax": total - sum(map(_amount, taxes)),
        "total_taxes": _together(taxes),
    }


def part_of(invoice: Document, amount: int) -> list[Document]:
    """Return the taxes in a part of an invoice, such as a credit note takes back."""
    whole = invoice["total"] or 1
    return [
        tax
        | {
            "amount": _rounded(tax["amount"] * amount, whole),
            "taxable_amount": _rounded(tax["taxable_amount"] * amount, whole),
        }
        for tax in invoice["total_taxes"]
    ]


def _taxes_of(lines: list[Document]) -> list[Document]:
    return [tax for line in lines for tax in line["taxes"]]


def _together(taxes: list[Document]) -> list[Document]:
    found: dict[tuple[str, str, str], Document] = {}
    for tax in taxes:
        rate = tax["tax_rate_details"]["tax_rate"]
        same = (rate, tax["tax_behavior"], tax["taxability_reason"])
        sum_ = found.get(same, tax | _NONE)
        found[same] = sum_ | {name: sum_[name] + tax[name] for name in ("amount", "taxable_amount")}
    return list(found.values())


def _amount(tax: Document) -> int:
    return int(tax["amount"])


def _country(customer: Document) -> str:
    return str((customer.get("address") or {}).get("country") or "")


def _tax_on(change: Change, customer: Document, line: Document) -> Document:
    percentage, reason = _decided(change, customer)
    behaviour = _behaviour(change, line)
    # Tax is on what is left after discounts.
    amount = line["amount"] - sum(each["amount"] for each in line.get("discount_amounts", ()))
    if behaviour == "inclusive":
        net = _rounded(amount * 100, 100 + percentage)
        tax = amount - net
    else:
        net, tax = amount, _rounded(amount * percentage, 100)
    rate = _rate(change, _country(customer), percentage, behaviour)
    return {
        "amount": tax,
        "tax_behavior": behaviour,
        "tax_rate_details": {"tax_rate": rate["id"]},
        "taxability_reason": reason,
        "taxable_amount": net if reason == "standard_rated" else 0,
        "type": "tax_rate_details",
    }


def _decided(change: Change, customer: Document) -> tuple[int, str]:
    """Return the rate in per cent, and why it is that."""
    country = _country(customer)
    if customer.get("tax_exempt") == "exempt":
        return 0, "customer_exempt"
    if country not in _RATES:
        return 0, "not_collecting"
    if customer.get("tax_exempt") == "reverse" or _is_foreign_business(change, customer, country):
        return 0, "reverse_charge"
    return _RATES[country][1], "standard_rated"


def _is_foreign_business(change: Change, customer: Document, country: str) -> bool:
    known = tax_ids.of_customer(change, customer["id"])
    proven = any(each["country"] == country for each in known if _stands(each))
    return country != HOME and proven


def _stands(tax_id: Document) -> bool:
    # A number that VIES does not know counts until then: Stripe does not wait for VIES, either.
    return str(tax_id["verification"]["status"]) != "unverified"


def _behaviour(change: Change, line: Document) -> str:
    details = line["pricing"]["price_details"]  # none where something beside the prices is charged
    price = (change.get("price", details["price"]) if details else None) or {}
    # Unspecified follows the account's default, which for euros is inclusive.
    return "exclusive" if price.get("tax_behavior") == "exclusive" else "inclusive"


def _rounded(dividend: int, divisor: int) -> int:
    """Return a quotient rounded half away from zero: money never passes through a float."""
    whole = (2 * abs(dividend) + divisor) // (2 * divisor)
    return -whole if dividend < 0 else whole


def _rate(change: Change, country: str, percentage: int, behaviour: str) -> Document:
    """Return the tax rate of a country, made when it is first needed."""
    rate_id = f"txr_mock{country.lower()}{percentage}{behaviour[:3]}"
    place = _RATES.get(country, (country, 0))[0]
    return change.get("tax_rate", rate_id) or change.put(
        {
            "id": rate_id,
            "object": "tax_rate",
            "active": False,
            "country": country,
            "created": change.now,
            "description": None,
            "display_name": "VAT",
            "effective_percentage": float(percentage),
            "flat_amount": None,
            "inclusive": behaviour == "inclusive",
            "jurisdiction": place,
            "jurisdiction_level": "country",
            "livemode": False,
            "metadata": {},
            "percentage": float(percentage),
            "rate_type": "percentage",
            "state": None,
            "tax_type": "vat",
        }
    )


def _settings(call: Call) -> Document:
    call.params.only("expand")
    return {
        "object": "tax.settings",
        "defaults": {"provider": "stripe", "tax_behavior": "inferred_by_currency",
                     "tax_code": "txcd_10103001"},
        "head_office": {"address": {"city": "Athens", "country": HOME, "line1": "Ermou 1",
                                    "line2": None, "postal_code": "10563", "state": None}},
        "livemode": False,
        "status": "active",
        "status_details": {"active": {}},
    }  # fmt: skip


ROUTES: list[Route] = [
    ("GET", "/v1/tax/settings", _settings),
    ("GET", "/v1/tax_rates", listing("tax_rate")),
    ("GET", "/v1/tax_rates/<id>", retrieve("tax_rate")),
]
