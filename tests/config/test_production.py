"""What a production gives browsers and platforms: https only, tight headers, cookies that stay home."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import environment
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, another_web

BY_HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture
def served(web_stack: WebStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server with a production's settings."""
    stripe = {"STRIPE_MOCK_MODE": "False", "STRIPE_API_BASE": "https://api.stripe.com"}
    with another_web(web_stack, tmp_path, **environment.production_like(), **stripe) as http_client:
        yield http_client


def test_production_is_https_only_and_lets_the_platform_look(served: HttpClient) -> None:
    config = "/api/billing/config/"
    host = "newconcierge.example"
    plain = served.ask("GET", config, host=host)
    assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{host}{config}")

    answer = served.ask("GET", config, host=host, headers=BY_HTTPS)
    assert (answer.status_code, answer.json()["mode"]) == (200, "test")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://checkout.stripe.com" in policy
    assert "unsafe" not in policy
    assert "*" not in policy

    railway = served.ask("GET", "/healthz", host="healthcheck.railway.app")
    assert (railway.status_code, railway.json()) == (200, {"status": "ok"})
    assert served.ask("GET", config, host="healthcheck.railway.app").status_code in {301, 404}
    assert served.ask("GET", "/api/", host="evil.example", headers=BY_HTTPS).status_code == 404


def test_every_line_of_the_log_is_json_gunicorns_own_among_them(
    served: HttpClient, tmp_path: Path
) -> None:
    assert served.ask("GET", "/healthz").status_code == 200
    lines = [json.loads(line) for line in (tmp_path / "log" / "web.log").read_text().splitlines()]
    assert any("Starting gunicorn" in line["event"] for line in lines)


def test_a_client_cannot_claim_https_where_no_proxy_stands(
    web_stack: WebStack, tmp_path: Path
) -> None:
    site = {"SITE_URL": "https://localhost", "TRUSTED_PROXIES": "0"}
    with another_web(web_stack, tmp_path, **site) as http_client:
        assert http_client.ask("GET", "/api/billing/config/", headers=BY_HTTPS).status_code == 301


def test_cookies_are_bound_to_their_host_and_to_https(web_stack: WebStack, tmp_path: Path) -> None:
    with another_web(web_stack, tmp_path, SITE_URL="https://localhost") as http_client:
        host = web_stack.acme.host
        page = http_client.ask("GET", "/accounts/login/", host=host, headers=BY_HTTPS)
        csrf = page.headers["Set-Cookie"].partition("__Host-csrf=")[2].partition(";")[0]
        assert csrf
        signed_in = http_client.ask(
            "POST",
            "/accounts/login/",
            host=host,
            data={"login": web_stack.acme.owner, "password": PASSWORD, "csrfmiddlewaretoken": csrf},
            headers={**BY_HTTPS, "Cookie": f"__Host-csrf={csrf}", "Referer": f"https://{host}/"},
        )
        assert signed_in.status_code == 302
        assert "__Host-session=" in signed_in.headers["Set-Cookie"]
        for answer in (page, signed_in):
            cookies = answer.raw.headers.getlist("Set-Cookie")
            assert cookies
            for cookie in cookies:
                assert cookie.startswith("__Host-")
                assert "Secure" in cookie
                assert "HttpOnly" in cookie
                assert "Path=/" in cookie
                assert "Domain" not in cookie
