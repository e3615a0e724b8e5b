"""Which sites may call the API from a browser, and which may post our forms."""

from __future__ import annotations

import pytest
import requests

from tests.core.web_stack import FRONTEND, HttpClient, WebStack

API = ["/api/billing/checkout/", "/api/me/", "/_allauth/app/v1/auth/login"]
NOT_API = ["/", "/admin/", "/admin/login/", "/accounts/login/", "/healthz", "/metrics", "/apix/",
           "/i18n/setlang/", "/_allauth/browser/v1/config"]  # fmt: skip
LET_IN = [FRONTEND, "https://x.vercel.app", "https://my-app-git-main-7.vercel.app"]
KEPT_OUT = [
    "https://x.vercel.app.evil.com", "https://a.b.vercel.app", "http://x.vercel.app",
    "https://vercel.app", "https://.vercel.app", "https://xvercel.app", "https://x.vercel.app:8443",
    "https://x.vercelxapp", "https://evil.com#.vercel.app", "https://evil.com/.vercel.app",
    "https://x.vercel.app\tevil", "null", "*", "https://newconcierge.example",
    "https://www.newconcierge.example.evil.com", "http://www.newconcierge.example",
]  # fmt: skip


def preflight(http_client: HttpClient, path: str, origin: str, **kwargs: str) -> requests.Response:
    """Ask as a browser does before it lets a page call another site."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-tenant-host",
    }
    return http_client.ask("OPTIONS", path, headers=headers, **kwargs)


def cors_of(answer: requests.Response) -> dict[str, str]:
    """Return an answer's CORS headers."""
    return {
        name.lower(): value
        for name, value in answer.headers.items()
        if name.lower().startswith("access-control-")
    }


@pytest.mark.parametrize("origin", LET_IN)
def test_our_frontend_and_its_previews_may_call_the_api(
    web_stack: WebStack, http_client: HttpClient, origin: str
) -> None:
    for path in API:
        for host in ("localhost", web_stack.acme.host, "nobody.localhost"):
            asked = cors_of(preflight(http_client, path, origin, host=host))
            assert asked["access-control-allow-origin"] == origin
            assert "POST" in asked["access-control-allow-methods"]
            assert "x-tenant-host" in asked["access-control-allow-headers"]
            assert "access-control-allow-credentials" not in asked
        answered = cors_of(http_client.ask("GET", path, headers={"Origin": origin}))
        assert answered["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in answered


@pytest.mark.parametrize("origin", KEPT_OUT)
def test_nobody_else_may(web_stack: WebStack, http_client: HttpClient, origin: str) -> None:
    for path in API:
        assert cors_of(preflight(http_client, path, origin)) == {}
        assert cors_of(http_client.ask("GET", path, headers={"Origin": origin})) == {}


@pytest.mark.parametrize("path", NOT_API)
def test_pages_and_the_admin_are_no_api(
    web_stack: WebStack, http_client: HttpClient, path: str
) -> None:
    for origin in LET_IN:
        for host in ("localhost", web_stack.acme.host):
            assert cors_of(preflight(http_client, path, origin, host=host)) == {}
            answer = http_client.ask("GET", path, host=host, headers={"Origin": origin})
            assert cors_of(answer) == {}


TRACING = ("x-request-id", "traceparent", "tracestate", "baggage", "sentry-trace")
OURS = ("idempotency-key", "if-match", "if-none-match", "x-session-token", "x-tenant-host")
TOLD = ("etag", "location", "retry-after", "x-request-id", "content-disposition",
        "idempotent-replayed", "ratelimit", "ratelimit-policy")  # fmt: skip


def test_what_tracing_adds_passes_and_what_clients_need_can_be_read(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for path in API:
        allowed = cors_of(preflight(http_client, path, FRONTEND))["access-control-allow-headers"]
        assert {*TRACING, *OURS, "authorization", "content-type"} <= set(allowed.split(", "))
        sent = {"Origin": FRONTEND, "baggage": "a=b", "sentry-trace": "1-2-0"}
        read = cors_of(http_client.ask("GET", path, headers=sent))["access-control-expose-headers"]
        assert set(TOLD) <= set(read.split(", "))


@pytest.mark.parametrize("name", ["x-frontend-secret", "x-visitor-address", "x-forwarded-for"])
def test_a_browser_cannot_speak_for_the_frontends_server(
    web_stack: WebStack, http_client: HttpClient, name: str
) -> None:
    allowed = cors_of(preflight(http_client, API[0], FRONTEND))["access-control-allow-headers"]
    assert name not in allowed


def test_an_error_can_be_read_by_the_frontend_too(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    headers = {"Origin": FRONTEND, "X-Tenant-Host": "nobody.localhost"}
    answer = http_client.ask("GET", "/api/me/", headers=headers)
    assert answer.status_code == 404
    assert cors_of(answer)["access-control-allow-origin"] == FRONTEND
    assert "origin" in answer.headers["Vary"].lower()


@pytest.mark.parametrize(
    ("origin", "status"),
    [(FRONTEND, 200), ("http://acme.localhost", 200), ("https://x.vercel.app", 403),
     ("https://evil.example", 403), ("null", 403)],
)  # fmt: skip
def test_a_wildcard_is_not_trusted_to_post_our_forms(
    web_stack: WebStack, http_client: HttpClient, origin: str, status: int
) -> None:
    """Anyone can deploy on vercel.app: only exact origins may post, even with a token in hand."""
    assert web_stack.acme.host == "acme.localhost"
    csrf = http_client.ask("GET", "/accounts/login/", host=web_stack.acme.host).cookies["csrf"]
    answer = http_client.ask(
        "POST",
        "/accounts/login/",
        host=web_stack.acme.host,
        data={"csrfmiddlewaretoken": csrf, "login": "x", "password": "x"},
        headers={"Cookie": f"csrf={csrf}", "Origin": origin},
    )
    assert answer.status_code == status
