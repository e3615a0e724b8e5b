"""Cents for people: `{{ 4900|euros }}` is €49.00, or 49,00 € in Greek; columns of figures align."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import get_language

from public_apps.core.templatetags.money import SYMBOLS

register = template.Library()


@register.filter
def euros(cents: int | None) -> str:
    """Return an amount as people of the current language write it, always with its cents."""
    amount = Decimal(cents or 0).scaleb(-2)
    number = number_format(abs(amount), decimal_pos=2, use_l10n=True, force_grouping=True)
    symbol = SYMBOLS.get(settings.STRIPE.currency, settings.STRIPE.currency.upper())
    greek = (get_language() or "").startswith("el")
    sign = "-" if amount < 0 else ""
    return f"{sign}{number} {symbol}" if greek else f"{sign}{symbol}{number}"
