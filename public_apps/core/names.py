"""What people call themselves, their organisations and buildings: text that shows all that it holds.

Signs that nobody sees make two names look alike, and those that turn the direction of writing make
one look like another ("gpj.exe"). They come by accident, too, with what was copied from elsewhere: so
they are taken out, wherever a name is written, and only a name of nothing else is refused.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

# Formats, such as what turns the direction; halves of characters; what is private or not assigned.
HIDDEN = frozenset({"Cf", "Cs", "Co", "Cn"})
# Letters and marks that are drawn as nothing, though Unicode has them among the others.
BLANK = frozenset(
    map(
        chr,
        (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810)),
    )
)
VARIANTS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")

if TYPE_CHECKING:
    NameColumn = models.CharField[str, str]
else:  # generic to the type checker only
    NameColumn = models.CharField


def shown(name: str) -> str:
    """Return a name as everybody sees it: without hidden signs, in one line, no space around it."""
    seen = (each for each in SPACES.sub(" ", name) if not _is_hidden(each))
    return " ".join("".join(seen).split())


def check_shown(name: str) -> None:
    """Raise `ValidationError` for a name of which nothing is seen."""
    if name and not shown(name):
        raise ValidationError(_("Please use letters that can be seen."), code="invisible")


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in HIDDEN or sign in BLANK or sign in VARIANTS


class NameField(NameColumn):
    """A column that holds names as everybody sees them."""

    default_validators = [check_shown]

    def get_prep_value(self, value: Any) -> Any:
        """Let rows be found, and written, by what is seen."""
        prepared = super().get_prep_value(value)
        return shown(prepared) if isinstance(prepared, str) else prepared

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Leave on the object what the row gets."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = shown(value)
            setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        """Be a plain `CharField` to migrations: the column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs
