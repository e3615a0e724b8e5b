"""`X-Tenant-Host`: how the Next.js server, which calls one API host, chooses the tenant."""

from __future__ import annotations

import pytest

from public_apps.tenants.models import Domain, Tenant
from tests.core.web_stack import PASSWORD, HttpClient, WebStack

API = "/api/me/"
LOGIN = "/_allauth/app/v1/auth/login"


@pytest.mark.parametrize("written", ["acme.localhost", "ACME.localhost", "acme.localhost.:8000"])
def test_the_api_and_the_sign_in_of_the_named_tenant_answer(
    web_stack: WebStack, http_client: HttpClient, written: str
) -> None:
    assert web_stack.acme.host == "acme.localhost"
    chosen = {"X-Tenant-Host": written}
    body = {"email": web_stack.acme.owner, "password": PASSWORD}
    signed_in = http_client.ask("POST", LOGIN, headers=chosen, json=body)
    assert signed_in.status_code == 200
    token = {"Authorization": f"Bearer {signed_in.json()['meta']['session_token']}"}
    assert (
        http_client.ask("GET", API, headers={**chosen, **token}).json()["organization"]
        == web_stack.acme.tenant.name
    )


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/admin/login/", "/i18n/setlang/"])
def test_pages_are_never_chosen_by_header(
    web_stack: WebStack, http_client: HttpClient, path: str
) -> None:
    """A page lives at one host: its cookies and links belong there."""
    plain = http_client.ask("GET", path)
    chosen = http_client.ask("GET", path, headers={"X-Tenant-Host": web_stack.acme.host})
    assert chosen.status_code == plain.status_code
    assert web_stack.acme.tenant.name not in chosen.text


@pytest.mark.parametrize("path", ["/api/billing/config/", "/api/billing/plans/", API, LOGIN])
@pytest.mark.parametrize(
    "host", ["nobody.localhost", "localhost", "127.0.0.1", "evil.example", "a b"]
)
def test_an_unknown_tenant_is_a_404_and_never_public_data(
    web_stack: WebStack, http_client: HttpClient, path: str, host: str
) -> None:
    before = (Tenant.objects.count(), Domain.objects.count())
    answer = http_client.ask("GET", path, headers={"X-Tenant-Host": host})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "code", "title", "status", "detail"}
    assert (Tenant.objects.count(), Domain.objects.count()) == before


def test_the_public_api_is_not_served_under_a_tenant(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    chosen = {"X-Tenant-Host": web_stack.acme.host}
    assert http_client.ask("GET", "/api/billing/plans/", headers=chosen).status_code == 404


def test_on_a_tenants_host_the_header_means_nothing(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    headers = {
        "X-Tenant-Host": web_stack.birch.host,
        "Authorization": f"Bearer {http_client.token(web_stack.acme)}",
    }
    answer = http_client.ask("GET", API, host=web_stack.acme.host, headers=headers)
    assert answer.json()["organization"] == web_stack.acme.tenant.name


def test_on_an_unknown_host_the_header_means_nothing(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    headers = {"X-Tenant-Host": web_stack.acme.host}
    assert http_client.ask("GET", API, host="evil.example", headers=headers).status_code == 404
