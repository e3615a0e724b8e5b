"""What browsers are told: https alone for our own hosts, no more than that for customers' domains."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory, override_settings

from config import env
from public_apps.tenants.browser_headers import BrowserHeaders

OURS = (
    "example.com",
    "app.example.net",
    "acme.example.com",
    "nobody.example.com:8443",
    "ACME.example.com.",
)
THEIRS = ("www.customer.gr", "example.com.evil.gr", "notexample.com", "")


def told(host: str, path: str = "/", settings: dict[str, Any] | None = None) -> HttpResponse:
    """Return an answer of a production at this host, by https."""

    def view(request: HttpRequest) -> HttpResponse:
        # As the gate does for a frontend that calls one host for all workspaces.
        request.META["HTTP_HOST"] = "acme.example.com"
        return HttpResponse("")

    production = {
        "TENANT_BASE_DOMAIN": "example.com",
        "PUBLIC_HOSTS": frozenset({"app.example.net"}),
        "SECURE_HSTS_SECONDS": 31_536_000,
        "SECURE_SSL_REDIRECT": False,
        **(settings or {}),
    }
    with override_settings(**production):
        request = RequestFactory().get(path, secure=True, HTTP_HOST=host)
        secured: Any = SecurityMiddleware(view)
        answer: Any = BrowserHeaders(secured)(request)
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize("host", OURS)
def test_our_hosts_are_come_back_to_by_https_alone_and_nothing_is_said_of_subdomains(
    host: str,
) -> None:
    assert told(host)["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("host", THEIRS)
def test_a_customers_domain_is_promised_nothing_whatever_the_settings_say(host: str) -> None:
    wide = {"SECURE_HSTS_INCLUDE_SUBDOMAINS": True, "SECURE_HSTS_PRELOAD": True}
    assert "Strict-Transport-Security" not in told(host, settings=wide)
    assert (
        "includeSubDomains; preload"
        in told("example.com", settings=wide)["Strict-Transport-Security"]
    )


def test_subdomains_and_browsers_lists_are_asked_for_by_settings() -> None:
    both = {"HSTS_INCLUDE_SUBDOMAINS": "True", "HSTS_PRELOAD": "True"}
    assert env.hsts(env.load({})) == env.Hsts(include_subdomains=False, preload=False)
    assert env.hsts(env.load(both)) == env.Hsts(include_subdomains=True, preload=True)
    with pytest.raises(env.UnsafeSetting, match="HSTS_PRELOAD"):
        env.hsts(env.load({"HSTS_PRELOAD": "True"}))


def test_pages_are_for_their_own_site_and_the_api_for_frontends_elsewhere() -> None:
    for path in (
        "/",
        "/accounts/login/",
        "/admin/",
        "/static/site.css",
        "/_allauth/browser/v1/config",
    ):
        assert told("example.com", path)["Cross-Origin-Resource-Policy"] == "same-origin"
    for path in ("/api/me/", "/_allauth/app/v1/auth/login"):
        assert told("example.com", path)["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_no_page_may_use_a_camera_or_ask_where_somebody_is() -> None:
    policy = told("example.com")["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()", "payment=()", "usb=()"} <= set(policy)
