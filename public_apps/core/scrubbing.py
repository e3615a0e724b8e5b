"""What must stand in no log and no report: credentials, wherever they occur, and people's addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

# Whatever looks like a credential, wherever it stands in a message or a field.
SECRET = re.compile(
    r"\b(?:sk|rk|pk)_(?:test|live)_[A-Za-z0-9]+|\bwhsec_[A-Za-z0-9+/=_-]+"
    r"|\b(?:pi|seti|cs|src)_[A-Za-z0-9_]+_secret_[A-Za-z0-9]+|\bek_(?:test|live)_[A-Za-z0-9]+"
    r"|(?<=/accounts/set-password/)[^/\s\"']+"
    r"|(?i:\b(?:bearer|basic)\s+)(?=[A-Za-z0-9._~+/-]*[A-Z0-9._])[A-Za-z0-9._~+/=-]{6,}"
    r"|(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"
)
# `password=…`, `'token': '…'`: in a query, a form, or a dictionary that was printed.
NAMED = re.compile(
    r"(?i)(\b[\w-]*(?:password|passwd|secret|token|sessionid|cookie|api[_-]?key)[\w-]*[\"']?"
    r"\s*[:=]\s*[\"']?)([^\s\"',;&}\])]{4,})"
)
FIELD = re.compile(
    r"(?i)password|passwd|secret|token|authorization|cookie|session_?key|api[_-]?key|signature|^key$"
)
ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
GONE = "[secret]"
NO_ADDRESS = "[e-mail]"
SHORTEST = 8

_known: re.Pattern[str] | None = None


def know(secrets: Iterable[str]) -> None:
    """Take out these very words from now on: the deployment's own credentials."""
    global _known  # noqa: PLW0603 - set once, by the settings
    words = sorted({word for word in secrets if len(word) >= SHORTEST}, key=len, reverse=True)
    _known = re.compile("|".join(map(re.escape, words))) if words else None


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
    text = _known.sub(GONE, text) if _known else text
    text = SECRET.sub(GONE, text)
    # Every line of every request comes by here: the slow patterns only where they could match.
    if ":" in text or "=" in text:
        text = NAMED.sub(rf"\1{GONE}", text)
    return ADDRESS.sub(NO_ADDRESS, text) if addresses and "@" in text else text
