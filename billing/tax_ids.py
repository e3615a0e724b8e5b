"""Tax numbers that buyers give: the Greek ΑΦΜ, and VAT numbers of other countries of the EU.

Only form and check digit are looked at here. Whether VIES knows a number, Stripe asks.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as NotANumber
from stdnum.gr import vat as afm
from stdnum.util import clean

GREECE = "EL"  # in VAT numbers; everywhere else it is GR
KIND = "eu_vat"  # Stripe's name for all of them, Greek ones and those of Northern Ireland included
LENGTH = 20  # the longest has 14 letters; people write blanks and dots among them
# They are of no country: import and one-stop-shop numbers, which no buyer has.
NO_COUNTRY = ("EU", "IM")
NOT_ONE = _(
    "Give a Greek tax number (ΑΦΜ, nine digits), or a VAT number of another country of the EU that "
    "begins with its two letters."
)
WRONG_DIGITS = _("This tax number has a mistake: its digits do not add up.")


def read(text: str) -> str:
    """Return a tax number as VIES writes it, such as EL094014201 or DE136695976.

    Nine digits alone are a Greek one. Raises `ValidationError` in words for people.
    """
    written = clean(text, " -./\u00a0").upper().strip()
    if not written:
        return ""
    country, number = (GREECE, written) if written.isdecimal() else (written[:2], written[2:])
    country = GREECE if country == "GR" else country
    return _greek(number) if country == GREECE else _european(country, number)


def _greek(number: str) -> str:
    if len(number) != 9 or not number.isascii() or not number.isdecimal():
        raise ValidationError(NOT_ONE, code="invalid")
    # Nine zeros add up, and are nobody's.
    if not afm.is_valid(number) or not int(number):
        raise ValidationError(WRONG_DIGITS, code="invalid_check_digit")
    return GREECE + number


def _european(country: str, number: str) -> str:
    if country in NO_COUNTRY or not country.isascii():
        raise ValidationError(NOT_ONE, code="invalid")
    try:
        valid: str = vat.validate(country + number)
    except NotANumber as error:
        if isinstance(error, InvalidChecksum):
            raise ValidationError(WRONG_DIGITS, code="invalid_check_digit") from error
        raise ValidationError(NOT_ONE, code="invalid") from error
    return valid


def country_of(tax_id: str) -> str:
    """Return the country of a tax number by ISO 3166-1: GR for EL, GB for Northern Ireland's XI."""
    return {GREECE: "GR", "XI": "GB"}.get(tax_id[:2], tax_id[:2])


def at_stripe(tax_id: str) -> dict[str, Any]:
    """Return a tax number as Stripe takes it."""
    return {"type": KIND, "value": tax_id}
