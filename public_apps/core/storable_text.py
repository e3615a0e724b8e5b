"""Text that an address, a form or JSON can carry, and PostgreSQL or UTF-8 can't: refused at the door.

Half a character ("\\ud800" in JSON), the character NUL, numbers without end and JSON deeper than anybody
means would otherwise break whoever meets them first, with an error of ours for a fault of theirs.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from public_apps.core import error_responses
from public_apps.core.errors import Invalid, Problem
from public_apps.core.request_bodies import BodyMalformed

NOWHERE_KEPT = re.compile("[\0\ud800-\udfff]")
DEEPEST = 50
LARGEST_NUMBER = 2**63 - 1  # of PostgreSQL's bigint
UTF_8 = frozenset({"utf-8", "ascii"})
NUL_IN_COOKIE = "\\000"
ANOTHER = "another"  # a codec that there is not
Handler = Callable[[HttpRequest], HttpResponseBase]


class NoSuchAddress(Problem):
    """Nothing can be at an address that holds such a character."""

    slug = "not-found"


class NotUtf8(Problem):
    """The body claims an encoding that nothing here is read by."""

    slug = "unsupported-media-type"


class StorableText:
    """Refuses, naming the field, what no row and no answer could hold."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            check(request)
        except Problem as refusal:
            return error_responses.answer(request, refusal)
        return self.get_response(request)


def check(request: HttpRequest) -> None:
    """Raise the `Problem` that a request's text is."""
    if NOWHERE_KEPT.search(request.path_info):
        raise NoSuchAddress(_("There is nothing at this address."))
    _check_charset(request)
    amiss = {**_amiss_in(_values(request.GET)), **_amiss_in(_said(request))}
    if amiss:
        raise Invalid(
            _("See errors, field by field."),
            errors={name: [message] for name, message in amiss.items()},
        )


def disarm(environ: dict[str, Any]) -> None:
    """Take out what breaks before any middleware could refuse it.

    Django decodes the query, as it makes the request, by the charset that the body claims; some codecs,
    such as `base64`, decode no text. One that there is not is passed over, and refused later. In a
    cookie in quotes `\\000` stands for NUL, and the session is looked up by it.
    """
    kind = environ.get("CONTENT_TYPE", "")
    if "charset" in kind.lower() and not _is_utf8(parse_header_parameters(kind)[1]):
        environ["CONTENT_TYPE"] = f"{kind.partition(';')[0]}; charset={ANOTHER}"
    if NUL_IN_COOKIE in environ.get("HTTP_COOKIE", ""):
        environ["HTTP_COOKIE"] = environ["HTTP_COOKIE"].replace(NUL_IN_COOKIE, "?")


def _check_charset(request: HttpRequest) -> None:
    if not _is_utf8(request.content_params or {}):
        raise NotUtf8(_("Send text as UTF-8."))


def _is_utf8(parameters: Mapping[str, str]) -> bool:
    try:
        return codecs.lookup(parameters.get("charset", "utf-8")).name in UTF_8
    except (LookupError, ValueError):
        return False


def _said(request: HttpRequest) -> Iterator[tuple[str, Any]]:
    """Yield what the body says, by field."""
    if request.path.startswith(error_responses.SIGN_IN) or _is_json(request):
        yield from _of_json(request)
    elif request.method == "POST":
        yield from _values(request.POST)


def _is_json(request: HttpRequest) -> bool:
    kind = request.content_type or ""
    return kind.endswith(("/json", "+json"))


def _of_json(request: HttpRequest) -> Iterator[tuple[str, Any]]:
    try:
        said = json.loads(request.body.decode()) if request.body else None
    except RecursionError:
        yield "", _Bottomless
        return
    except ValueError as error:
        # Whoever reads it says so in words of their own; allauth has none.
        if request.path.startswith(error_responses.SIGN_IN):
            raise BodyMalformed from error
        return
    yield from said.items() if isinstance(said, Mapping) else [("", said)]


class _Bottomless:
    """What stands for JSON that Python itself could not follow."""


def _values(query: Any) -> Iterator[tuple[str, Any]]:
    return iter(query.lists())


def _amiss_in(said: Iterator[tuple[str, Any]]) -> dict[str, str]:
    """Return what is wrong, by field; a name that is itself wrong is written as JSON writes it."""
    amiss = {name: _amiss([name, value]) for name, value in said}
    return {_written(name): message for name, message in amiss.items() if message}


def _written(name: str) -> str:
    return name.replace("\0", r"\u0000").encode("utf-8", "backslashreplace").decode()


def _amiss(value: Any) -> str:
    """Return why something can't be kept, at whatever depth; nothing if it can."""
    waiting = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        if each is _Bottomless or depth > DEEPEST:
            return _("This is nested too deeply.")
        if isinstance(each, Mapping):
            waiting += [(inner, depth + 1) for pair in each.items() for inner in pair]
        elif isinstance(each, list):
            waiting += [(inner, depth + 1) for inner in each]
        elif message := _of_one(each):
            return message
    return ""


def _of_one(value: Any) -> str:
    if isinstance(value, str) and NOWHERE_KEPT.search(value):
        return _("This text holds a character that can't be kept.")
    # What is no number at all (NaN) is not within the bound either.
    if isinstance(value, int | float) and not abs(value) <= LARGEST_NUMBER:
        return _("This number is too large.")
    return ""
