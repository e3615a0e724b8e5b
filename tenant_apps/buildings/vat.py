"""VAT numbers: Greek ones by their check digit, others of the Union by their shape."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from public_apps.core.errors import Invalid

GREEK = re.compile(r"(?:EL|GR)?(\d{9})")
OTHER = re.compile(r"(?!EL|GR)[A-Z]{2}[0-9A-Z+*]{2,12}")


def tidy(number: str) -> str:
    """Return a number without spaces, dots and dashes, in capitals; raise `Invalid` if it is none.

    A Greek number may stand without its EL. Its last digit is checked as the tax office does:
    https://en.wikipedia.org/wiki/VAT_identification_number (the first eight digits, each times
    a power of two, modulo 11, modulo 10).
    """
    plain = re.sub(r"[\s.\-]", "", number).upper()
    if not plain:
        return ""
    if greek := GREEK.fullmatch(plain):
        digits = [int(digit) for digit in greek[1]]
        check = sum(digit << (8 - place) for place, digit in enumerate(digits[:8])) % 11 % 10
        if check != digits[8] or not any(digits):
            raise _not_one(_("This VAT number has a typing error: its last digit is wrong."))
        return plain
    if not OTHER.fullmatch(plain):
        raise _not_one(_("A VAT number has nine digits, or begins with its country, such as DE."))
    return plain


def _not_one(message: str) -> Invalid:
    return Invalid(message, errors={"vat_number": [message]})
