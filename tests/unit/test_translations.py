"""Every sentence that people read exists in Greek, in the file and in what the program loads."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "locale/el/LC_MESSAGES/django.po"
MO = PO.with_suffix(".mo")
CODE = ("billing", "config", "public_apps", "staff", "tenant_apps", "website")
ASKS = frozenset(
    {
        "_",
        "_now",
        "gettext",
        "gettext_lazy",
        "gettext_noop",
        "ngettext",
        "ngettext_lazy",
        "pgettext",
    }
)
STRING = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
ASKED_IN_TEMPLATE = re.compile(rf"\b(?:_|n?gettext)\(\s*{STRING}(?:\s*,\s*{STRING})?")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|</?\w+>")
# These are the same in both languages.
SAME = frozenset({"Email", "E-mail", "PDF", "e-mail"})


@dataclass
class Entry:
    """One message of the .po file, with its forms in Greek."""

    msgid: str = ""
    plural: str = ""
    forms: list[str] = field(default_factory=list)
    fuzzy: bool = False


def entries_of(text: str) -> list[Entry]:
    """Read the part of the .po format that we use: comments, flags, plurals, strings over lines."""
    return [entry_of(block) for block in text.split("\n\n") if "msgid " in block]


def entry_of(block: str) -> Entry:
    """Read one message."""
    entry = Entry(fuzzy=bool(re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)))
    for keyword, quoted in re.findall(
        r'^(msg\w+(?:\[\d\])?)\s+((?:".*"(?:\n|$))+)', block, re.MULTILINE
    ):
        value = "".join(ast.literal_eval(line) for line in quoted.strip().splitlines())
        if keyword == "msgid":
            entry.msgid = value
        elif keyword == "msgid_plural":
            entry.plural = value
        elif keyword.startswith("msgstr"):
            entry.forms.append(value)
        else:
            raise ValueError(f"this test does not know {keyword}")
    return entry


def asked_in_templates() -> Iterator[tuple[str, str]]:
    """Yield each message of the templates, with the file that holds it."""
    for path in sorted([*ROOT.glob("templates/**/*.html"), *ROOT.glob("templates/**/*.txt")]):
        source = templatize(path.read_text(), origin=str(path))
        for match in ASKED_IN_TEMPLATE.finditer(source):
            yield ast.literal_eval(match[1]), str(path.relative_to(ROOT))


def asked_in_code(*rooms: str) -> Iterator[tuple[str, str]]:
    """Yield each message of the code, or of these rooms, with the place that holds it."""
    for path in sorted(path for room in rooms or CODE for path in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ASKS:
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                if isinstance(node.args[0], ast.Name | ast.Attribute | ast.Subscript):
                    continue  # written elsewhere, and marked there
                message = ast.literal_eval(node.args[0])
                assert isinstance(message, str), f"{place}: not a plain string"
                yield message, place


ENTRIES = {entry.msgid: entry for entry in entries_of(PO.read_text())}
GREEK = [entry for msgid, entry in ENTRIES.items() if msgid]


@pytest.mark.parametrize("asked", [asked_in_templates, asked_in_code])
def test_every_message_that_is_asked_for_has_its_greek(
    asked: Callable[[], Iterator[tuple[str, str]]],
) -> None:
    places = dict(asked())
    assert len(places) > 50, "the messages were not found"
    missing = {msgid: place for msgid, place in places.items() if msgid not in ENTRIES}
    assert not missing, f"no Greek in {PO.relative_to(ROOT)} for: {missing}"


def test_no_translation_is_empty_or_a_guess() -> None:
    for entry in GREEK:
        assert not entry.fuzzy, f"fuzzy: {entry.msgid}"
        assert len(entry.forms) == (2 if entry.plural else 1), entry.msgid
        assert all(entry.forms), f"empty: {entry.msgid}"


def test_a_translation_is_in_greek_letters() -> None:
    for entry in GREEK:
        if entry.msgid not in SAME:
            assert all(re.search(r"[\u0370-\u03ff]", form) for form in entry.forms), entry.msgid


def test_a_translation_keeps_the_placeholders_and_tags() -> None:
    for entry in GREEK:
        wanted = set(PLACEHOLDER.findall(entry.plural or entry.msgid))
        # The singular may say "the first day" where the plural counts.
        assert set(PLACEHOLDER.findall(entry.forms[-1])) == wanted, entry.msgid
        assert set(PLACEHOLDER.findall(entry.forms[0])) <= wanted, entry.msgid


def test_the_program_loads_what_the_file_says() -> None:
    with MO.open("rb") as file:
        loaded = gettext.GNUTranslations(file)
    for entry in GREEK:
        if entry.plural:
            compiled = [loaded.ngettext(entry.msgid, entry.plural, count) for count in (1, 2)]
        else:
            compiled = [loaded.gettext(entry.msgid)]
        assert compiled == entry.forms, f"compile the .po again: {entry.msgid}"


def test_the_program_loads_nothing_else() -> None:
    # Bytes 8 to 11 count the strings (GNU gettext manual, "The Format of GNU MO Files").
    count = int.from_bytes(MO.read_bytes()[8:12], "little")
    assert count == len(ENTRIES), "compile the .po again"


def test_messages_are_found_in_templates_as_people_write_them() -> None:
    source = (
        "{% load i18n %}{% translate \"It isn't\" as x %}{% include 'a' with b=_('Hi') %}"
        "{% blocktranslate trimmed count n=1 %}\n One {{ n }}\n thing"
        "{% plural %}Many{% endblocktranslate %}"
    )
    found = [ast.literal_eval(m[1]) for m in ASKED_IN_TEMPLATE.finditer(templatize(source))]
    assert found == ["It isn't", "Hi", "One %(n)s thing"]
