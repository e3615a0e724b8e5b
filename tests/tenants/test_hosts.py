"""Which host leads where: one schema for a request, or a 404, and never a row by asking."""

from __future__ import annotations

import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from public_apps.core import schema_context
from public_apps.tenants import routing
from public_apps.tenants.models import Domain, Tenant
from tests.core.web_stack import HttpClient, WebStack, another_web, create_workspace

HOSTS = 2_000
STALE_FOR = 5.0  # "a few seconds", as the contract has it


def until_status(
    http_client: HttpClient,
    host: str,
    status: int,
    *,
    path: str = "/api/me/",
    headers: dict[str, Any] | None = None,
) -> float:
    """Return after how many seconds the host answers with this status; fail if that takes too long."""
    began = time.monotonic()
    while http_client.ask("GET", path, host=host, headers=headers).status_code != status:
        assert time.monotonic() - began < STALE_FOR, f"{host} is still not {status}"
        time.sleep(0.1)
    return time.monotonic() - began


def test_a_workspace_answers_at_its_own_host_and_shows_its_own_name(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for workspace in (web_stack.acme, web_stack.birch):
        headers = {"Authorization": f"Bearer {http_client.token(workspace)}"}
        me = http_client.ask("GET", "/api/me/", host=workspace.host, headers=headers).json()
        assert (me["email"], me["organization"]) == (workspace.owner, workspace.tenant.name)


@pytest.mark.parametrize("written", ["ACME.LocalHost", "acme.localhost.", "acme.localhost:8443"])
def test_a_host_counts_without_case_port_and_trailing_dot(
    web_stack: WebStack, http_client: HttpClient, written: str
) -> None:
    assert web_stack.acme.host == "acme.localhost"
    assert http_client.ask("GET", "/api/me/", host=written).status_code == 401


@pytest.mark.parametrize(
    "host",
    [
        "nobody.localhost", "a.b.localhost", "evil.example", "localhost.evil.example", "x" * 300,
        "acme.localhost@evil.example", "acme.localhost, evil.example", "[::1]:80", "t_%2e", "..",
    ],
)  # fmt: skip
def test_an_unknown_host_gets_a_404_and_writes_nothing(
    web_stack: WebStack, http_client: HttpClient, host: str
) -> None:
    before = (Tenant.objects.count(), Domain.objects.count())
    for path in ("/", "/api/billing/config/", "/admin/", "/_allauth/app/v1/config"):
        answer = http_client.ask("GET", path, host=host)
        assert answer.status_code == 404, path
        assert "publishable_key" not in answer.text
    assert (Tenant.objects.count(), Domain.objects.count()) == before


def test_an_unknown_host_is_told_so_in_problem_json_by_the_api(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    answer = http_client.ask("GET", "/api/me/", host="nobody.localhost")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Original-Host", "Forwarded"])
def test_no_proxy_header_chooses_the_tenant(
    web_stack: WebStack, http_client: HttpClient, header: str
) -> None:
    value = web_stack.acme.host if header != "Forwarded" else f"host={web_stack.acme.host}"
    assert http_client.ask("GET", "/api/me/", headers={header: value}).status_code == 404
    other = http_client.ask(
        "GET", "/api/billing/config/", host=web_stack.acme.host, headers={header: value}
    )
    assert other.status_code == 404, "a tenant's host serves no public API"


@pytest.mark.parametrize("standing", ["spare", "provisioning", "archived"])
def test_only_an_open_tenant_answers_at_a_host(
    web_stack: WebStack, http_client: HttpClient, standing: str
) -> None:
    workspace = create_workspace()
    never, now = None, timezone.now()
    moments: dict[str, dict[str, Any]] = {
        "spare": {"opened_at": never, "claimed_at": never},
        "provisioning": {"opened_at": never},
        "archived": {"archived_at": now},
    }
    times = moments[standing]
    Tenant.objects.filter(pk=workspace.tenant.pk).update(**times)
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == standing
    try:
        for path in ("/", "/api/me/", "/accounts/login/", "/_allauth/app/v1/config"):
            assert http_client.ask("GET", path, host=workspace.host).status_code == 404
    finally:  # or the pool would hand it out
        Tenant.objects.filter(pk=workspace.tenant.pk).update(archived_at=now)


def test_a_suspension_a_new_address_and_an_archive_are_seen_within_seconds(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    headers = {"Authorization": f"Bearer {http_client.token(workspace)}"}
    row = Tenant.objects.filter(pk=workspace.tenant.pk)
    until_status(http_client, workspace.host, 401)

    row.update(suspended_at=timezone.now())
    began = time.monotonic()
    while http_client.ask("GET", "/", host=workspace.host, headers=headers).status_code != 402:
        assert time.monotonic() - began < STALE_FOR
        time.sleep(0.1)

    Domain.objects.filter(tenant=workspace.tenant).update(domain=f"new-{workspace.host}")
    until_status(http_client, workspace.host, 404)
    until_status(http_client, f"new-{workspace.host}", 401)

    row.update(archived_at=timezone.now())
    until_status(http_client, f"new-{workspace.host}", 404)


def test_every_process_sees_a_change_within_seconds(
    web_stack: WebStack, http_client: HttpClient, tmp_path: Path
) -> None:
    workspace = create_workspace()
    headers = {"Authorization": f"Bearer {http_client.token(workspace)}"}
    row = Tenant.objects.filter(pk=workspace.tenant.pk)
    with another_web(web_stack, tmp_path) as other:
        both = (http_client, other)
        for each in both:
            until_status(each, workspace.host, 200, headers=headers)  # and so it is remembered
        row.update(suspended_at=timezone.now())
        for each in both:
            until_status(each, workspace.host, 402, path="/api/buildings/", headers=headers)
        row.update(suspended_at=None)
        for each in both:
            until_status(each, workspace.host, 200, path="/api/buildings/", headers=headers)
        Domain.objects.filter(tenant=workspace.tenant).update(domain=f"new-{workspace.host}")
        for each in both:
            until_status(each, workspace.host, 404)
            until_status(each, f"new-{workspace.host}", 401)


def test_with_thousands_of_hosts_in_mind_a_change_is_seen_as_soon(web_stack: WebStack) -> None:
    workspace = create_workspace()
    hosts = [f"host-{number}-{workspace.host}" for number in range(HOSTS)]
    now = timezone.now()
    Domain.objects.bulk_create(
        Domain(domain=host, tenant=workspace.tenant, is_primary=False, created_at=now)
        for host in hosts
    )
    for host in hosts:
        assert routing.place_at(host) is not None
    assert len(routing._seen) >= HOSTS
    Tenant.objects.filter(pk=workspace.tenant.pk).update(suspended_at=now)
    Domain.objects.filter(domain__in=hosts[::2]).delete()
    time.sleep(routing.FRESH_SECONDS)
    for gone, kept in zip(hosts[::2][:100], hosts[1::2][:100], strict=True):
        assert routing.place_at(gone) is None
        place = routing.place_at(kept)
        assert place is not None
        assert place.tenant.suspended_at
    Tenant.objects.filter(pk=workspace.tenant.pk).update(suspended_at=None)


def test_a_warm_host_costs_no_query_for_its_tenant(web_stack: WebStack) -> None:
    client = Client(headers={"host": web_stack.acme.host})
    client.get("/no-such-page/")
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/no-such-page/").status_code == 404
    assert [query["sql"] for query in seen if "tenants_" in query["sql"]] == []


def test_strangers_guesses_are_not_remembered(web_stack: WebStack) -> None:
    client = Client(headers={"host": "guess.localhost"})
    known = len(routing._seen)
    assert client.get("/").status_code == 404
    assert len(routing._seen) == known


def test_the_memory_of_hosts_has_an_end(
    web_stack: WebStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "MOST_ENTRIES", 1)
    monkeypatch.setattr(routing, "_seen", OrderedDict())
    for host in (web_stack.acme.host, web_stack.birch.host):
        Client(headers={"host": host}).get("/no-such-page/")
    assert list(routing._seen) == [web_stack.birch.host]


def test_after_a_request_the_connection_is_back_in_public(web_stack: WebStack) -> None:
    Client(headers={"host": web_stack.acme.host}).get("/accounts/login/")
    assert schema_context.is_public()
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ("public",)
