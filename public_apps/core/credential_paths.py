"""Parts of a path that open something: marked once, in the URLconf, and written in no log.

path("invitation/<credential:key>/", …)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver, register_converter
from django.urls.converters import StringConverter, UUIDConverter
from django.urls.resolvers import RoutePattern

from public_apps.core import scrubbing

PARAMETER = re.compile(r"<(?:[^>:]+:)?([^>]+)>")
ANYTHING = "[^/]+"


class Credential:
    """Whoever knows this part of the path may do what it is for."""


class CredentialText(Credential, StringConverter):
    """A key of letters and digits."""


class CredentialId(Credential, UUIDConverter):
    """The id of a row, which nobody can guess."""


register_converter(CredentialText, "credential")
register_converter(CredentialId, "credential_id")


@cache
def keep_out_of_logs() -> None:
    """Let no log and no report of this process show what follows the openings of such paths."""
    urlconfs = {settings.PUBLIC_SCHEMA_URLCONF, settings.TENANT_URLCONF}
    scrubbing.know_paths({opening for urlconf in urlconfs for opening in openings(urlconf)})


def openings(urlconf: str) -> Iterator[str]:
    """Yield, as a regular expression, how each path begins that goes on with a credential."""
    yield from _below(get_resolver(urlconf).url_patterns, "")


def _below(patterns: Sequence[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for each in patterns:
        if isinstance(each.pattern, RoutePattern):
            yield from _of_route(each.pattern, before)
        if isinstance(each, URLResolver):
            yield from _below(each.url_patterns, before + _plain(str(each.pattern)))


def _of_route(pattern: RoutePattern, before: str) -> Iterator[str]:
    route = str(pattern)
    for found in PARAMETER.finditer(route):
        if isinstance(pattern.converters[found[1]], Credential):
            yield before + _plain(route[: found.start()])


def _plain(route: str) -> str:
    """Return a route as a regular expression that takes anything for its parameters."""
    literals = PARAMETER.split(route)[::2]  # every other part is a parameter's name
    return ANYTHING.join(map(re.escape, literals))
