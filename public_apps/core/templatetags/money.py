"""Money for people: `{{ 4900|money:"eur" }}` is €49.00, or 49,00 € in Greek."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.translation import get_language

register = template.Library()
SYMBOLS = {"eur": "€", "gbp": "£", "usd": "$"}
# ISO 4217 currencies without minor units that Stripe takes as whole numbers.
WHOLE = frozenset({"jpy", "krw", "clp", "vnd"})


@register.filter
def money(minor_units: int, currency: str) -> str:
    """Return an amount in minor units as people of the current language write it."""
    places = 0 if currency in WHOLE else 2
    amount = Decimal(minor_units).scaleb(-places)
    if places and amount == amount.to_integral_value():
        places = 0
    number = number_format(amount, decimal_pos=places, use_l10n=True, force_grouping=True)
    symbol = SYMBOLS.get(currency, currency.upper())
    greek = (get_language() or "").startswith("el")
    return f"{number} {symbol}" if greek else f"{symbol}{number}"
