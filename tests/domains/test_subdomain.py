"""Another subdomain: the old one leads there for 90 days and is nobody else's meanwhile."""

from __future__ import annotations

import secrets
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from public_apps.core.errors import Conflict, Invalid, Refused
from public_apps.onboarding import subdomains
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains
from public_apps.tenants.custom_domains import claims, subdomain_change
from public_apps.tenants.models import Domain
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.domains.moving import ELENI, verified
from tests.domains.name_server import NameServer
from tests.domains.test_served import until_led
from tests.tenants.test_hosts import until_status


def new_label() -> str:
    """Return a subdomain that nobody has."""
    return f"moved-{secrets.token_hex(4)}"


def test_the_old_name_leads_to_the_new_one_and_programs_still_find_it(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    label = new_label()
    subdomain_change.change(tenant=workspace.tenant, label=label.upper(), by=ELENI)
    until_status(http_client, domains.host_of(label), 401)
    led = until_led(http_client, workspace.host, "/billing/?page=2")
    assert led.headers["Location"] == domains.url_at(domains.host_of(label), "/billing/?page=2")
    assert http_client.token(workspace), "the API still answers at the old name"
    old = Domain.objects.get(domain=workspace.host)
    assert old.retires_at is not None
    assert abs(old.retires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=5)


def test_the_old_name_is_nobody_elses_until_its_time_is_over(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace, other = create_workspace(), create_workspace()
    old = domains.label_of(workspace.host)
    signup = Signup.objects.create(
        organization="Court", requested_subdomain=old, subdomain=old, email=workspace.owner,
        first_name="E", last_name="P", plan="starter", interval="month", paid_at=timezone.now(),
        tenant=workspace.tenant, workspace_at=timezone.now(), address_at=timezone.now(),
    )  # fmt: skip
    subdomain_change.change(tenant=workspace.tenant, label=new_label(), by=ELENI)
    assert not subdomains.availability(old).available
    with pytest.raises(Conflict):
        subdomain_change.change(tenant=other.tenant, label=old, by=ELENI)
    assert subdomain_change.let_go() == []

    Domain.objects.filter(domain=workspace.host).update(retires_at=timezone.now())
    assert subdomain_change.let_go() == [workspace.host]
    until_status(http_client, workspace.host, 404)
    assert subdomains.availability(old).available
    signup.refresh_from_db()
    assert signup.released_at is not None
    subdomain_change.change(tenant=other.tenant, label=old, by=ELENI)


def test_who_changes_back_has_the_old_name_as_before(web_stack: WebStack) -> None:
    workspace = create_workspace()
    subdomain_change.change(tenant=workspace.tenant, label=new_label(), by=ELENI)
    back = subdomain_change.change(
        tenant=workspace.tenant, label=domains.label_of(workspace.host), by=ELENI
    )
    assert (back.domain, back.retires_at, back.is_primary) == (workspace.host, None, True)
    assert workspace.tenant.domains.filter(retires_at=None).count() == 1


def test_names_are_not_changed_without_end(web_stack: WebStack) -> None:
    tenant = create_workspace().tenant
    for _ in range(subdomain_change.MOST_OLD_NAMES):
        subdomain_change.change(tenant=tenant, label=new_label(), by=ELENI)
    before = sorted(tenant.domains.values_list("domain", flat=True))
    with pytest.raises(Refused):
        subdomain_change.change(tenant=tenant, label=new_label(), by=ELENI)
    assert sorted(tenant.domains.values_list("domain", flat=True)) == before


@pytest.mark.parametrize("label", ["admin", "x", "no such name", "xn--hxajbheg", "a.b", "stripe-1"])
def test_what_is_no_subdomain_is_refused(web_stack: WebStack, label: str) -> None:
    with pytest.raises(Invalid):
        subdomain_change.change(tenant=web_stack.acme.tenant, label=label, by=ELENI)


def test_an_own_domain_stays_the_first_address(web_stack: WebStack, zone: NameServer) -> None:
    tenant = create_workspace().tenant
    claim = verified(zone, tenant)
    claims.make_primary(tenant=tenant, host=claim.host, by=ELENI)
    now = subdomain_change.change(tenant=tenant, label=new_label(), by=ELENI)
    assert tenant.primary_domain == claim.host
    claims.remove(claim=claim, by=ELENI)
    assert tenant.primary_domain == now.domain


def test_of_two_who_want_a_name_at_once_one_gets_it(web_stack: WebStack) -> None:
    tenants = [create_workspace().tenant for _ in range(2)]
    label, start, got = new_label(), Barrier(2), []

    def change(tenant: object) -> None:
        start.wait()
        try:
            got.append(subdomain_change.change(tenant=tenant, label=label, by=ELENI).tenant_id)  # type: ignore[arg-type]
        except Conflict:
            got.append(None)
        finally:
            connection.close()

    threads = [Thread(target=change, args=(each,)) for each in tenants]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(got, key=str)[1] is None or sorted(got, key=str)[0] is None
    assert Domain.objects.filter(domain=domains.host_of(label)).count() == 1
