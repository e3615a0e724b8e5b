"""Every endpoint of the tenant API that is a resource, found in the URL conf: none can be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from public_apps.accounts.viewsets import WorkspaceViewSet

NUMBER, TOKEN = "2147483000", "00000000-0000-4000-8000-000000000000"
_PLACE = re.compile(r"<(?:(?P<kind>\w+):)?\w+>")


@dataclass(frozen=True)
class Endpoint:
    """One method at one address, and the deed that it is."""

    resource: str
    action: str
    method: str
    route: str

    @property
    def operation(self) -> str:
        """Its row in the table of permissions."""
        return f"{self.resource}.{self.action}"

    @property
    def is_about_a_row(self) -> bool:
        """Whether the address names a row."""
        return "<" in self.route

    def path(self, pk: object = None) -> str:
        """Return the address for a row; what isn't given names something that is not there."""
        route = self.route if pk is None else _PLACE.sub(str(pk), self.route, count=1)
        return "/" + _PLACE.sub(lambda place: TOKEN if place["kind"] == "uuid" else NUMBER, route)


def endpoints() -> list[Endpoint]:
    """Return all of them."""
    return sorted(
        _below(get_resolver("config.urls_tenant").url_patterns, ""),
        key=lambda each: (each.resource, each.route, each.method),
    )


def _below(patterns: list[Any], prefix: str) -> Iterator[Endpoint]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _below(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield from _of_view(pattern.callback, route)


def _of_view(view: Any, route: str) -> Iterator[Endpoint]:
    viewset = getattr(view, "cls", None)
    if viewset is not None and issubclass(viewset, WorkspaceViewSet):
        for method, action in view.actions.items():
            if method != "head":
                yield Endpoint(viewset.resource, action, method.upper(), route)
    elif operation := getattr(viewset or getattr(view, "view_class", None), "operation", ""):
        resource, _dot, action = operation.partition(".")
        for method in {"get", "post", "patch", "delete"} & set(dir(view.view_class)):
            yield Endpoint(resource, action, method.upper(), route)
