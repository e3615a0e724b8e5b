"""The same views with tenancy and without: an empty one, and one of six queries."""

from __future__ import annotations

from typing import Any
from wsgiref.types import WSGIApplication
from wsgiref.util import setup_testing_defaults

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from public_apps.accounts.models import User

TENANCY = [
    "public_apps.tenants.middleware.TenantMiddleware",
    "public_apps.tenants.access_gate.AccessMiddleware",
]
ROLES = ("owner", "manager", "staff", "resident", "nobody", "")


def empty(request: HttpRequest) -> HttpResponse:
    """Do nothing."""
    return HttpResponse(b"ok")


def six_queries(request: HttpRequest, database: str) -> HttpResponse:
    """Ask for people six times."""
    for role in ROLES:
        list(User.objects.using(database).filter(role=role)[:20])
    return HttpResponse(b"ok")


urlpatterns = [
    path("empty/", empty),
    path("six/", six_queries, {"database": "default"}),
    path("plain/six/", six_queries, {"database": "plain"}),
]


def with_tenancy() -> WSGIApplication:
    """Return an application in which a host chooses the schema."""
    with override_settings(MIDDLEWARE=TENANCY):
        return WSGIHandler()


def without_tenancy() -> WSGIApplication:
    """Return an application with nothing before its views."""
    with override_settings(MIDDLEWARE=[]):
        return WSGIHandler()


def ask(application: WSGIApplication, host: str, url_path: str) -> None:
    """Do one request from its first signal to its last, as gunicorn would, without the network."""
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"HTTP_HOST": host, "PATH_INFO": url_path}
    statuses: list[str] = []

    def start(status: str, *_headers: Any) -> Any:
        statuses.append(status)

    answer: Any = application(environ, start)
    b"".join(answer)
    answer.close()
    assert statuses == ["200 OK"], f"{host}{url_path}: {statuses}"
