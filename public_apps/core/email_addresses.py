"""What an e-mail address is: read here and nowhere else, at every door.

One address has one form, whatever keyboard it came from: letters composed (a Mac sends them in
pieces), full-width and look-alike signs as what they stand for (Unicode's NFKC), the domain in its
people's own script, as IDNA 2008 has it. What can't be mailed is no address. On the wire the domain
is in punycode, which every mail server takes; before the @ that leaves the letters of ASCII, for
servers that take others (SMTPUTF8) are still few.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import idna
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models.lookups import IExact
from django.utils.translation import gettext as _

LONGEST, LONGEST_NAME = 254, 64  # RFC 5321 4.5.3.1, with the brackets of a path taken off
# Control signs, direction marks, joiners, spaces, halves of pairs, and what Unicode keeps for later.
UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})

if TYPE_CHECKING:
    SameText = IExact[Any]
    EmailColumn = models.EmailField[str, str]
else:  # generic to the type checker only
    SameText, EmailColumn = IExact, models.EmailField


def read(text: str) -> str:
    """Return the address that somebody means, as we keep it; nothing stays nothing.

    Raises `ValidationError`, for people, for what can't be mailed.
    """
    if len(text) > LONGEST * 4:
        raise _too_long()
    written = _bare(unicodedata.normalize("NFKC", text))
    if not written:
        return ""
    if any(_is_unseen(sign) for sign in written):
        raise ValidationError(_("Leave out spaces and invisible characters."))
    name, _at, domain = written.rpartition("@")
    if odd := "".join(dict.fromkeys(sign for sign in name if not sign.isascii())):
        said = _("Before the @ we can only take Latin letters, digits and signs, not %(odd)s.")
        raise ValidationError(said % {"odd": odd[:20]})
    kept = f"{name}@{_in_own_script(domain)}"
    _check_wire(f"{name}@{_in_punycode(domain)}")
    return kept


def known(text: str) -> str:
    """Return an address as we keep it, to look somebody up; what is none stays as it is."""
    try:
        return read(text)
    except ValidationError:
        return text


def same(one: str, other: str) -> bool:
    """Whether two ways of writing mean one address."""
    return known(one).lower() == known(other).lower()


def on_the_wire(address: str) -> str:
    """Return an address as any mail server takes it. Raises `ValidationError` if none would."""
    name, _at, domain = read(address).rpartition("@")
    wired = f"{name}@{_in_punycode(domain)}"
    validate_email(wired)
    return wired


def spellings(address: str) -> frozenset[str]:
    """Return every way in which an address may be written down somewhere, at Stripe for one."""
    try:
        return frozenset({address, read(address), on_the_wire(address)})
    except ValidationError:
        return frozenset({address})


def _bare(text: str) -> str:
    """Return a text without what nobody sees at its ends, which is copied along unawares."""
    seen = [place for place, sign in enumerate(text) if not _is_unseen(sign)]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in UNSEEN


def _in_punycode(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True, transitional=False).decode("ascii").lower()
    except UnicodeError as error:
        raise _no_domain() from error


def _in_own_script(domain: str) -> str:
    wired = _in_punycode(domain)
    if "xn--" not in wired:
        return wired
    try:
        return idna.decode(wired)
    except UnicodeError as error:
        raise _no_domain() from error


def _no_domain() -> ValidationError:
    return ValidationError(_("There can be no such domain as the one after the @."))


def _check_wire(wired: str) -> None:
    validate_email(wired)
    if len(wired) > LONGEST or len(wired.rpartition("@")[0]) > LONGEST_NAME:
        raise _too_long()


def _too_long() -> ValidationError:
    return ValidationError(_("This address is too long for any mail server."))


class AddressFormField(forms.EmailField):
    """A form's field for an address."""

    def to_python(self, value: Any) -> Any:
        """Return the address as we keep it."""
        return read(super().to_python(value) or "")


class AddressField(EmailColumn):
    """A column that holds addresses as we keep them, and finds them however they are spelled."""

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        """Refuse what can't be mailed."""
        return super().clean(read(value) if value else value, model_instance)

    def get_prep_value(self, value: Any) -> Any:
        """Let rows be found, and written, by the one form."""
        prepared = super().get_prep_value(value)
        return known(prepared) if isinstance(prepared, str) else prepared

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Leave on the object what the row gets."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = known(value)
            setattr(model_instance, self.attname, value)
        return value

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        """Let forms refuse what can't be mailed, beside the field."""
        return super().formfield(*args, **{"form_class": AddressFormField, **kwargs})

    def deconstruct(self) -> Any:
        """Be a plain `EmailField` to migrations: the column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


@AddressField.register_lookup
class SameAddress(SameText):
    """`__iexact`: whether it is the same address, spelled in whatever way."""

    def get_prep_lookup(self) -> Any:
        """Compare with what we would have kept."""
        value = super().get_prep_lookup()
        return known(value) if isinstance(value, str) else value
