"""What an e-mail address is: one form for all its spellings, and a reason for what can't be mailed."""

from __future__ import annotations

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as some

from public_apps.core import email_addresses

GREEK = "info@παράδειγμα.gr"
WIRED = "info@xn--hxajbheg2az3al.gr"
# As it comes → as we keep it.
SPELLINGS = {
    "eleni@court.example": "eleni@court.example",
    "Eleni@Court.Example": "Eleni@court.example",
    "  eleni@court.example\t\n": "eleni@court.example",
    "\u200beleni@court.example\ufeff": "eleni@court.example",
    "\u202aeleni@court.example\u202c": "eleni@court.example",
    GREEK: GREEK,
    unicodedata.normalize("NFD", GREEK): GREEK,
    GREEK.upper().replace("INFO", "info"): GREEK,
    WIRED: GREEK,
    "\u212aate@example.com": "Kate@example.com",
    "Kate@example.com".replace("e@", "e\uff20"): "Kate@example.com",
    "\uff45leni@court.example": "eleni@court.example",
    "mi\u017fs@court.example": "miss@court.example",
    "info@straße.example": "info@straße.example",
    "info@πελάτης。example": "info@πελάτης.example",
    "": "",
    " \u200b ": "",
}
REFUSED = [
    "nobody", "@court.example", "eleni@", "eleni@@court.example", "eleni@court", "eleni@.example",
    "el eni@court.example", "eleni@co\u200burt.example", "eleni@court.ex\u00adample",
    "eleni\x00@court.example", "eleni\n@court.example", "eleni@court.example\u200b, b@c.example",
    "ελένη@court.example", "\u0130brahim@court.example", "\u0131brahim@court.example",
    "jose\u0301@court.example", "eleni@-court.example", "eleni@co_urt.παράδειγμα",
    "eleni@court.example.", "eleni@\U0001f600.example", "\ud800@court.example",
    "eleni@court.\ud800", "eleni@xn--a.example", "e" * 65 + "@court.example",
    "e@" + "court." * 50 + "example", "x" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("written", SPELLINGS)
def test_every_spelling_of_an_address_is_one_address(written: str) -> None:
    kept = email_addresses.read(written)
    assert kept == SPELLINGS[written]
    assert email_addresses.read(kept) == kept


@pytest.mark.parametrize("written", REFUSED, ids=lambda written: ascii(written[:30]))
def test_what_cannot_be_mailed_is_refused_with_words(written: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        email_addresses.read(written)
    assert all(refusal.value.messages)
    assert email_addresses.known(written) == written


def test_the_wire_gets_ascii_by_the_rules_of_today() -> None:
    assert email_addresses.on_the_wire(GREEK) == WIRED
    # The rules of 2003 would have sent this to strasse.example, and that to another Greek's.
    assert email_addresses.on_the_wire("info@straße.example") == "info@xn--strae-oqa.example"
    assert email_addresses.on_the_wire("info@πελάτης.example") != email_addresses.on_the_wire(
        "info@πελάτησ.example"
    )
    with pytest.raises(ValidationError):
        email_addresses.on_the_wire("ελένη@court.example")


@given(some.text(max_size=60) | some.from_regex(r"\w{1,5}@\w{1,9}\.\w{2,5}", fullmatch=True))
def test_what_is_read_can_be_mailed_and_read_again(written: str) -> None:
    kept = email_addresses.known(written)
    assert email_addresses.known(kept) == kept
    try:
        kept = email_addresses.read(written)
    except ValidationError:
        return
    if kept:
        assert email_addresses.on_the_wire(kept).isascii()
        assert email_addresses.read(email_addresses.on_the_wire(kept)) == kept
