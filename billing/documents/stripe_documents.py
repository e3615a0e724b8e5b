"""What a document of Stripe's says, for our copy of it: sums, taxes, lines, and whom it is made out to.

An invoice shows ten lines and the ids of tax rates only: `complete` asks for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.conf import settings

from billing import gateway, stripe_account
from billing.models import Buyer, Documented

Document = dict[str, Any]
RATES = "_tax_rates"  # what `complete` adds to Stripe's own fields
REVERSE = "reverse_charge"
ADDRESS = ("line1", "line2", "postal_code", "city", "state", "country")


def complete(document: Document, all_lines: Callable[[str], Iterable[Document]]) -> Document:
    """Add every line and every tax rate to a document; raises what the gateway raises."""
    lines = document.get("lines") or {}
    if lines.get("has_more"):
        document["lines"] = {"data": [*all_lines(document["id"])], "has_more": False}
    document[RATES] = {rate: _rate(rate) for rate in _rates_in(document)}
    return document


def _rates_in(document: Document) -> set[str]:
    taxes = [*_taxes(document, "total_taxes")]
    for line in (document.get("lines") or {}).get("data") or ():
        taxes.extend(_taxes(line, "taxes"))
    return {rate for rate in map(_rate_of, taxes) if rate}


def _taxes(document: Document, name: str) -> Iterator[Document]:
    yield from document.get(name) or ()


def _rate_of(tax: Document) -> str:
    return str((tax.get("tax_rate_details") or {}).get("tax_rate") or "")


def _rate(tax_rate_id: str) -> Document:
    told = stripe_account.found(
        lambda: _asked_once(settings.STRIPE.api_base, tax_rate_id), f"tax rate {tax_rate_id}"
    )
    return told or {}  # gone: then it says nothing


@lru_cache(maxsize=512)
def _asked_once(_base: str, tax_rate_id: str) -> Document:
    """Return a tax rate; its percentage and place never change."""
    return gateway.tax_rate(tax_rate_id)


def write_sums(row: Documented, fresh: Document) -> None:
    """Write what a document comes to; it is the same whether or not it was completed."""
    taxes = [*_taxes(fresh, "total_taxes")]
    row.total = fresh.get("total")
    row.tax = sum(each.get("amount") or 0 for each in taxes)
    row.net = fresh.get("total_excluding_tax")
    if row.net is None and row.total is not None:
        row.net = row.total - row.tax
    reasons = {each.get("taxability_reason") for each in taxes}
    row.reverse_charge = REVERSE in reasons or fresh.get("customer_tax_exempt") == "reverse"


def write_details(row: Documented, fresh: Document) -> None:
    """Write lines and taxes of a document that was completed; of another one leave what is there."""
    rates = fresh.get(RATES)
    if rates is None:
        return
    row.taxes = [_tax(each, rates) for each in _taxes(fresh, "total_taxes")]
    lines = (fresh.get("lines") or {}).get("data") or ()
    row.lines = [_line(each, rates) for each in lines]


def _tax(tax: Document, rates: dict[str, Document]) -> Document:
    rate = rates.get(_rate_of(tax)) or {}
    percentage = rate.get("effective_percentage")
    if percentage is None:
        percentage = rate.get("percentage")
    return {
        "amount": tax.get("amount") or 0,
        "taxable": tax.get("taxable_amount"),
        "rate": None if percentage is None else _plain(percentage),
        "name": rate.get("display_name") or "",
        "country": rate.get("country") or "",
        "jurisdiction": rate.get("jurisdiction") or "",
        "included": tax.get("tax_behavior") == "inclusive",
        "reason": tax.get("taxability_reason") or "",
    }


def _plain(percentage: Any) -> str:
    """Return 24.0 as 24, and 5.5 as 5.5: as text, for no amount is counted from it."""
    return f"{Decimal(str(percentage)).normalize():f}"


def _line(line: Document, rates: dict[str, Document]) -> Document:
    period = line.get("period") or {}
    return {
        "description": line.get("description") or "",
        "quantity": line.get("quantity"),
        "amount": line.get("amount") or 0,
        "taxes": [_tax(each, rates) for each in _taxes(line, "taxes")],
        "from": _iso(period.get("start")),
        "until": _iso(period.get("end")),
    }


def _iso(seconds: Any) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


def write_buyer(row: Buyer, fresh: Document) -> None:
    """Write whom an invoice is made out to, as it was when it was issued."""
    address = fresh.get("customer_address") or {}
    tax_ids = fresh.get("customer_tax_ids") or []
    row.buyer_name = str(fresh.get("customer_name") or "")[:300]
    row.buyer_address = ", ".join(str(address[name]) for name in ADDRESS if address.get(name))[:500]
    row.buyer_country = str(address.get("country") or "")[:2]
    row.buyer_tax_id = next((str(each["value"]) for each in tax_ids if each.get("value")), "")[:40]


def copy_buyer(row: Buyer, of: Buyer) -> None:
    """Make a document out to whom another one is made out to."""
    for field in Buyer._meta.get_fields():
        setattr(row, field.name, getattr(of, field.name))
