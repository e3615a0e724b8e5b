"""What staff do about a tenant's own domains; each asked with a reason, and recorded."""

from __future__ import annotations

from pathlib import Path

from public_apps.audit.models import Entry
from public_apps.tenants.custom_domains import claims
from public_apps.tenants.models import Domain, DomainClaim
from tests.core.web_stack import HttpClient, WebStack, another_web, create_workspace
from tests.domains.moving import ELENI, new_host, publish, verified
from tests.domains.name_server import NameServer
from tests.staff.desk import member_of


def test_a_domain_is_put_first_and_removed(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    anna, _person = member_of(http_client, "operator")
    tenant = create_workspace().tenant
    page = f"tenants/tenant/{tenant.pk}"
    assert "/remove-domain/" not in anna.get(f"{page}/change/").text, "there is none yet"
    host = verified(zone, tenant).host
    assert host in anna.get(f"{page}/change/").text

    assert anna.submit(f"{page}/first-address/", host=host).status_code == 200, "no reason"
    chosen = anna.submit(f"{page}/first-address/", host=host, reason="they asked")
    assert (chosen.status_code, tenant.primary_domain) == (302, host)
    another = verified(zone, create_workspace().tenant).host
    assert anna.submit(f"{page}/remove-domain/", host=another, reason="r").status_code == 200
    assert Domain.objects.filter(domain=another).exists(), "it is somebody else's"
    assert anna.submit(f"{page}/remove-domain/", host=host, reason="r").status_code == 302
    assert not Domain.objects.filter(domain=host).exists()
    told = Entry.objects.filter(target_id=str(tenant.pk)).order_by("pk")
    assert [each.action for each in told] == [
        "tenant.first_address_chosen", "tenant.domain_removed",
    ]  # fmt: skip
    assert told[0].detail == {"host": host, "reason": "they asked"}


def test_dns_is_asked_again_at_once(web_stack: WebStack, zone: NameServer, tmp_path: Path) -> None:
    tenant = create_workspace().tenant
    claim = claims.add(tenant=tenant, text=new_host(), by=ELENI)
    path = f"tenants/tenant/{tenant.pk}/verify-domain/"
    answers = {"host": claim.host, "reason": "on the telephone"}
    with another_web(web_stack, tmp_path / "web", DNS_RESOLVERS=zone.address) as http_client:
        anna, _person = member_of(http_client, "operator")
        assert anna.submit(path, **answers).status_code == 302
        assert DomainClaim.objects.get(pk=claim.pk).problem == "no_proof"
        publish(zone, claim)
        assert anna.submit(path, **answers).status_code == 302, "without the pause of owners"
    assert DomainClaim.objects.get(pk=claim.pk).verified_at
    told = Entry.objects.filter(action="tenant.domain_checked", target_id=str(tenant.pk))
    assert [each.detail["problem"] for each in told.order_by("pk")] == ["no_proof", ""]
