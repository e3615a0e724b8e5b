"""What the apps of a workspace serve: each that stands in TENANT_APPS, by what its modules are called.

`api.py` has viewsets, each served at /api/<resource>/; `api_urls.py` has what is served elsewhere under
/api/; `urls.py` has the pages, below the name of the app.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import SimpleRouter

from public_apps.accounts.viewsets import WorkspaceViewSet

Route = URLPattern | URLResolver
ROOM = "tenant_apps."
# Its pages are the root's: config/urls_tenant.py names them.
HOME = "tenant_apps.home"


def of_api() -> list[Route]:
    """Return what all of them serve under /api/."""
    router = SimpleRouter(use_regex_path=False)
    elsewhere: list[Route] = []
    for app in _apps():
        for viewset in _viewsets(app):
            router.register(viewset.resource, viewset, basename=viewset.resource)
        if _module(app, "api_urls"):
            elsewhere.append(path("", include(f"{app}.api_urls")))
    return [*elsewhere, *router.urls]


def of_pages() -> list[Route]:
    """Return the pages of all but the home, each app's below its name."""
    return [
        path(f"{app.removeprefix(ROOM)}/", include(f"{app}.urls"))
        for app in _apps()
        if app != HOME and _module(app, "urls")
    ]


def _apps() -> list[str]:
    return [app for app in settings.TENANT_APPS if app.startswith(ROOM)]


def _viewsets(app: str) -> Iterator[type[WorkspaceViewSet]]:
    module = _module(app, "api")
    for each in vars(module).values() if module else ():
        is_viewset = isinstance(each, type) and issubclass(each, WorkspaceViewSet)
        if is_viewset and each.__module__ == f"{app}.api" and each.is_served_by_name:
            yield each


def _module(app: str, name: str) -> ModuleType | None:
    """Return a module of an app; None if it has none of this name."""
    full = f"{app}.{name}"
    return import_module(full) if find_spec(full) else None
