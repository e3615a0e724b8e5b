"""Whom the gate lets in, leads on and lets read answers; and whose tries are counted together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client, RequestFactory
from pytest_django import Settings

from public_apps.accounts.sign_in_throttling import OfAccount, OfAddress
from public_apps.core import cache_keys
from public_apps.core.rest.throttling import Limit, PersonLimit
from public_apps.core.schema_context import in_public, inside
from public_apps.tenants import domains, provisioning, routing
from public_apps.tenants.models import Domain, Tenant
from tests.unit.visitors import HOST

PUBLIC = settings.TENANT_BASE_DOMAIN
OWN = "www.elm.example"
API = "/api/me/"


@pytest.fixture
def own_domain(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The origin of pages at a domain of the workspace's own, which comes first."""
    monkeypatch.setattr(routing, "FRESH_SECONDS", 0.0)
    with in_public():
        Domain.objects.filter(tenant=tenant).update(is_primary=False)
        Domain.objects.create(tenant=tenant, domain=OWN, is_primary=True)
    routing._seen.clear()
    yield domains.url_at(OWN, "")
    routing._seen.clear()


@pytest.fixture
def neighbour(tenant: Tenant) -> str:
    """Another workspace's host."""
    with in_public():
        other = provisioning.take_tenant(name="Birch", owner_email="b@unit.example")
        host: str = domains.ensure_primary(other, label="birch").domain
        provisioning.open_tenant(other)
    return host


def may_read(
    origin: str, *, host: str, path: str = API, method: str = "GET", **headers: str
) -> bool:
    """Return whether a page of this origin may read what is answered."""
    answer = Client().generic(method, path, headers={"host": host, "origin": origin, **headers})
    return answer.get("Access-Control-Allow-Origin", "") == origin


def test_a_page_at_a_tenants_own_domain_reads_that_tenants_answers_and_no_others(
    own_domain: str, neighbour: str
) -> None:
    asks = {"access-control-request-method": "GET"}
    for host in (OWN, HOST):
        assert may_read(own_domain, host=host)
        assert may_read(own_domain, host=host, method="OPTIONS", **asks)
    for chosen in (OWN, HOST):
        assert may_read(own_domain, host=PUBLIC, **{"x-tenant-host": chosen})
    assert may_read(own_domain, host=PUBLIC, method="OPTIONS", **asks), "it can't say for whom yet"
    assert not may_read(own_domain, host=neighbour)
    assert not may_read(own_domain, host=neighbour, method="OPTIONS", **asks)
    assert not may_read(own_domain, host=PUBLIC, **{"x-tenant-host": neighbour})
    assert not may_read(own_domain, host=PUBLIC, path="/api/billing/plans/")
    assert not may_read(own_domain, host="nobody.example")


@pytest.fixture
def https(settings: Settings) -> None:
    """A deployment that is served by https."""
    settings.SECURE_SSL_REDIRECT = True


@pytest.mark.parametrize("path", ["/x", "/api/me/", "/admin/", "//evil.example/"])
def test_a_host_that_is_not_ours_is_told_so_and_led_nowhere(
    tenant: Tenant, https: None, path: str
) -> None:
    for host in ("evil.example", f"nobody.{PUBLIC}", "evil.example:80", ""):
        for method in ("GET", "POST"):
            answer = Client().generic(method, path, headers={"host": host})
            assert answer.status_code == 404, host
            assert "Location" not in answer


def test_our_own_hosts_still_lead_to_https(tenant: Tenant, https: None) -> None:
    for host in (PUBLIC, HOST):
        answer = Client().get("/accounts/login/", headers={"host": host})
        assert answer.status_code == 301
        assert answer["Location"] == f"https://{host}/accounts/login/"
        assert Client().post("/x/", headers={"host": host}).status_code == 308


def test_an_addresss_tries_are_counted_over_all_tenants(tenant: Tenant, rf: RequestFactory) -> None:
    request = rf.post("/", REMOTE_ADDR="203.0.113.77")

    def tries(limit: type[Limit], *what: str) -> int:
        return sum(limit(*what).allow_request(request, None) for _ in range(30))

    most = OfAddress().num_requests
    with in_public():
        assert tries(OfAddress) == most
    with inside(tenant.schema_name):
        assert tries(OfAddress) == 0, "at another tenant it has none left"
        assert tries(OfAccount, "eleni@unit.example") == OfAccount("").num_requests
    with in_public():
        assert tries(OfAccount, "eleni@unit.example") == OfAccount("").num_requests, (
            "an account is a tenant's: the same address is somebody else elsewhere"
        )


def test_what_is_counted_by_person_is_a_tenants(tenant: Tenant) -> None:
    for key in ("throttle_person_1", "allauth:rl:account:login:5/300s/key:0a1b"):
        with inside(tenant.schema_name):
            here = cache_keys.make_key(key, "", 1)
        with in_public():
            assert cache_keys.make_key(key, "", 1) != here
    for key in ("everywhere:throttle_x_1", "allauth:rl:account:reset_password:20/m/ip:ip:1.2.3.4"):
        with inside(tenant.schema_name):
            here = cache_keys.make_key(key, "", 1)
        with in_public():
            assert cache_keys.make_key(key, "", 1) == here
    assert PersonLimit.who is not Limit.who


def test_allauths_counts_by_address_are_over_all_tenants_too(
    tenant: Tenant, rf: RequestFactory
) -> None:
    """Its keys are its own business: this fails when it writes them otherwise."""
    from allauth.core.internal import ratelimit

    request = rf.post("/", REMOTE_ADDR="203.0.113.78")
    rates = ratelimit.get_rates(app="allauth.account", action="reset_password")
    by_address = [rate for rate in rates if rate.per == "ip"]
    assert by_address
    for rate in by_address:
        key = ratelimit.get_cache_key(
            request, app="allauth.account", action="reset_password", rate=rate
        )
        assert caches["default"].make_key(key).endswith(key)
        with inside(tenant.schema_name):
            assert tenant.schema_name not in caches["default"].make_key(key)
