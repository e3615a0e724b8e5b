"""Passwords of breaches in disguise: what lists of the commonest hold, with digits and signs around it.

Django's list has 20,000, of which few are as long as we ask for. Ten characters are mostly reached by a
common word and something behind it, and that is how such passwords are guessed.
"""

from __future__ import annotations

import re
from functools import cache

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# So much around a common word is still guessed; more, unless it is a row of digits, is not.
MOST_AROUND = 8
LEET = str.maketrans("013457@$!", "oieastasi")
AROUND = re.compile(r"\A[\W\d_]+|[\W\d_]+\Z")  # all but letters, of any script
ROWS = ("01234567890" * 3, "09876543210" * 3)


class DisguisedPasswordValidator:
    """Refuses a common password with digits and signs around it, in leet, or said several times."""

    def validate(self, password: str, user: object | None = None) -> None:
        """Raise `ValidationError` for a password that is a common one in disguise."""
        if is_disguised(password):
            raise ValidationError(
                _("This is a very common password with something around it."), code="too_common"
            )

    def get_help_text(self) -> str:
        """Return what people are told beforehand."""
        return _("Not a common password with digits or signs around it.")


def is_disguised(password: str) -> bool:
    """Whether a common password stands in this one, and little else."""
    written = password.lower()
    return any(_is_common_inside(form) for form in {written, written.translate(LEET)})


def _is_common_inside(written: str) -> bool:
    once = _said_once(written)
    if once in _common():
        return True
    core = AROUND.sub("", once)
    if not core:
        return False
    around = once.replace(core, "", 1)
    digits = re.sub(r"\D", "", around)
    is_row = bool(digits) and (len(set(digits)) == 1 or any(digits in row for row in ROWS))
    return _said_once(core) in _common() and (len(around) <= MOST_AROUND or is_row)


def _said_once(written: str) -> str:
    """Return what is repeated to make this, or all of it."""
    repeated = re.fullmatch(r"(.{3,32}?)\1+", written[:128], re.DOTALL)
    return repeated[1] if repeated and len(written) <= 128 else written


@cache
def _common() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)
