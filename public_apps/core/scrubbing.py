"""What must stand in no log and no report: credentials, wherever they occur, and people's addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

# What strangers write comes by here. Every pattern takes time in proportion to the text: what repeats
# is possessive, and what may begin with a repetition looks back, so that it begins once a word.

# Whatever looks like a credential, wherever it stands in a message or a field.
SECRET = re.compile(
    r"\b(?:sk|rk|pk)_(?:test|live)_[A-Za-z0-9]++|\bwhsec_[A-Za-z0-9+/=_-]++"
    r"|\b(?:pi|seti|cs|src)_[A-Za-z0-9_]+_secret_[A-Za-z0-9]++|\bek_(?:test|live)_[A-Za-z0-9]++"
    r"|(?i:\b(?:bearer|basic)\s++)(?=[a-z~+/-]*+[A-Z0-9._])[A-Za-z0-9._~+/=-]{6,}+"
    r"|(?<=://)[^\s/@:]++:[^\s/]+(?=@)"
)
# `password=…`, `'token': '…'`: in a query, a form, or a dictionary or JSON that was printed.
NAMED = re.compile(
    r"(?i)(?<![\w-])(?=[\w-]*?(?:password|passwd|secret|token|sessionid|cookie|api[_-]?key))"
    r"(?P<name>[\w-]++(?:\\*+[\"'])?\s*+[:=]\s*+(?:[bru]?\\*+(?P<quote>[\"']))?)"
    r"(?(quote)(?:\\.|(?!(?P=quote))[^\\\n])++"  # to the quote's own end
    r"|(?:\[[^\]\n]++\]?+|[^\s\"',;&}\])]{4,}+))"  # a list's, or a word
)
FIELD = re.compile(
    r"(?i)password|passwd|secret|token|authorization|cookie|session_?key|api[_-]?key|signature|^key$"
)
# Any script's letters, composed or not: nobody's address is less private for being Greek.
ADDRESS = re.compile(
    r"(?<![^\s@<>()\[\]{}\",;:=/\\|&?])[^\s@<>()\[\]{}\",;:=/\\|&?]++"
    r"@[^\s@<>()\[\]{}\"',;:=/\\|&?.]++(?:\.[^\s@<>()\[\]{}\"',;:=/\\|&?.]++)++"
)
GONE = "[secret]"
NO_ADDRESS = "[e-mail]"
SHORTEST = 8
# Of a longer text its beginning and its end are kept, an error's own words among them.
LONGEST = 40_000
# What is cut off beside a cut: a credential that was cut in two is no longer known for one.
BESIDE_A_CUT = 4_000

_known: re.Pattern[str] | None = None
_paths: re.Pattern[str] | None = None


def know(secrets: Iterable[str]) -> None:
    """Take out these very words from now on: the deployment's own credentials."""
    global _known  # noqa: PLW0603 - set once, by the settings
    words = sorted({word for word in secrets if len(word) >= SHORTEST}, key=len, reverse=True)
    _known = re.compile("|".join(map(re.escape, words))) if words else None


def know_paths(openings: Iterable[str]) -> None:
    """Take out from now on what follows these openings of a path, wherever they are written.

    An opening is a regular expression without its first slash, such as `accounts/invitation/`.
    """
    global _paths  # noqa: PLW0603 - set once, by the web's first middleware
    words = sorted({opening.replace("/", "/++") for opening in openings})
    # What mail programs put around a link, or an eager hand into it, hides no key.
    _paths = re.compile(rf"(?i)\b({'|'.join(words)})[\s\"'<>()]*+[^/\s\"'<>]++") if words else None


def scrub(value: object, *, addresses: bool = False) -> object:
    """Return `value` without credentials, and on request without mail addresses, at any depth."""
    if isinstance(value, str):
        return _text(value, addresses=addresses)
    if isinstance(value, Mapping):
        return scrubbed_fields(value, addresses=addresses)
    if isinstance(value, list | tuple):
        return [scrub(inner, addresses=addresses) for inner in value]
    return value


def scrubbed_fields(fields: Mapping[Any, Any], *, addresses: bool) -> dict[Any, Any]:
    """Return fields without the values of those whose name tells that they are secret."""
    return {
        name: GONE
        if inner is not None and _is_secret(str(name))
        else scrub(inner, addresses=addresses)
        for name, inner in fields.items()
    }


@lru_cache(maxsize=1000)
def _is_secret(name: str) -> bool:
    return FIELD.search(name) is not None


def _text(text: str, *, addresses: bool) -> str:
    if len(text) <= LONGEST:
        return _scrubbed(text, addresses=addresses)
    head = _scrubbed(text[: LONGEST // 2], addresses=addresses)
    tail = _scrubbed(text[-LONGEST // 2 :], addresses=addresses)
    return f"{head[:-BESIDE_A_CUT]} […] {tail[BESIDE_A_CUT:]}"


def _scrubbed(text: str, *, addresses: bool) -> str:
    text = _known.sub(GONE, text) if _known else text
    text = SECRET.sub(GONE, text)
    # Every line of every request comes by here: the slow patterns only where they could match.
    if _paths and "/" in text:
        text = _paths.sub(rf"\1{GONE}", text)
    if ":" in text or "=" in text:
        text = NAMED.sub(rf"\g<name>{GONE}", text)
    return ADDRESS.sub(NO_ADDRESS, text) if addresses and "@" in text else text
