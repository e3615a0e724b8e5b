"""A tenant's own domain: claimed, proven by DNS, served; doubted, and served no more."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from public_apps.core import mail
from public_apps.core.errors import Invalid, Refused
from public_apps.core.models import OutgoingMail
from public_apps.tenants import domains, offboarding_hooks
from public_apps.tenants.custom_domains import claims, dns_lookup, overview
from public_apps.tenants.custom_domains.tasks import check_domain, sweep_domains
from public_apps.tenants.models import Domain, DomainClaim
from public_apps.tenants.offboarding import departures, steps
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.domains.moving import ELENI, a_day_later, new_host, publish, unpublish, verified
from tests.domains.name_server import NameServer
from tests.lifecycle.folder_vault import FolderVault
from tests.lifecycle.leaving import later, of
from tests.tenants.test_hosts import until_status


def test_a_domain_is_a_host_from_its_proof_on_and_not_before(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    tenant = create_workspace().tenant
    claim = claims.add(tenant=tenant, text=new_host(), by=ELENI)
    assert http_client.ask("GET", "/api/me/", host=claim.host).status_code == 404
    assert claims.check(claim=claim).problem == "no_proof"
    assert http_client.ask("GET", "/api/me/", host=claim.host).status_code == 404
    assert (
        http_client.ask("GET", "/api/me/", headers={"X-Tenant-Host": claim.host}).status_code == 404
    )

    publish(zone, claim)
    assert claims.check(claim=a_day_later(claim)).verified_at
    until_status(http_client, claim.host, 401)
    assert tenant.primary_domain != claim.host, "the first address is the owner's choice"


@pytest.mark.parametrize(
    ("change", "problem"),
    [("no TXT", "no_proof"), ("another's TXT", "no_proof"), ("no CNAME", "not_here"),
     ("another's CNAME", "not_here"), ("broken", "no_answer")],
)  # fmt: skip
def test_each_lack_has_its_name(
    web_stack: WebStack, zone: NameServer, change: str, problem: str
) -> None:
    claim = claims.add(tenant=web_stack.acme.tenant, text=new_host(), by=ELENI)
    publish(zone, claim)
    if change == "no TXT":
        zone.forget(dns_lookup.proof_host(claim.host))
    elif change == "another's TXT":
        zone.set(dns_lookup.proof_host(claim.host), "TXT", dns_lookup.proof("0" * 32))
    elif change == "no CNAME":
        zone.forget(claim.host)
    elif change == "another's CNAME":
        zone.set(claim.host, "CNAME", "elsewhere.example.")
    zone.is_broken = change == "broken"
    checked = claims.check(claim=claim)
    assert (checked.problem, checked.verified_at) == (problem, None)
    claims.remove(claim=checked, by=ELENI)


def test_a_domain_without_alias_counts_by_its_addresses(
    web_stack: WebStack, zone: NameServer
) -> None:
    claim = claims.add(tenant=web_stack.acme.tenant, text=new_host(), by=ELENI)
    publish(zone, claim)
    zone.forget(claim.host)
    zone.set(claim.host, "A", "192.0.2.7")
    zone.set(settings.CUSTOM_DOMAIN_TARGET, "A", "192.0.2.8")
    assert claims.check(claim=claim).problem == "not_here"
    zone.set(settings.CUSTOM_DOMAIN_TARGET, "A", "192.0.2.7", "192.0.2.8")
    checked = claims.check(claim=a_day_later(claim))
    assert checked.verified_at
    claims.remove(claim=checked, by=ELENI)


def test_one_domain_is_one_tenants_and_a_claim_alone_keeps_nobody_out(
    web_stack: WebStack, zone: NameServer
) -> None:
    squatter, owner = create_workspace().tenant, create_workspace().tenant
    host = new_host()
    squatted = claims.add(tenant=squatter, text=host, by=ELENI)
    owned = verified(zone, owner, host)
    # Even with a proof of their own somebody else does not get it while it is served.
    zone.records[dns_lookup.proof_host(host), "TXT"].append(dns_lookup.proof(squatted.token))
    assert claims.check(claim=squatted).problem == "elsewhere"
    assert Domain.objects.get(domain=host).tenant_id == owner.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        DomainClaim.objects.filter(pk=squatted.pk).update(verified_at=timezone.now())
    claims.remove(claim=owned, by=ELENI)
    assert claims.check(claim=a_day_later(squatted)).verified_at, "given up, it can be proven anew"


def test_dns_that_does_not_answer_changes_nothing(web_stack: WebStack, zone: NameServer) -> None:
    claim = verified(zone, create_workspace().tenant)
    zone.is_broken = True
    checked = claims.check(claim=claim, hurried=False)
    assert (checked.problem, checked.failing_since) == ("no_answer", None)
    assert Domain.objects.filter(domain=claim.host).exists()


def test_a_lost_record_puts_the_subdomain_first_and_after_three_days_ends_the_service(
    web_stack: WebStack, zone: NameServer
) -> None:
    workspace = create_workspace()
    claim = verified(zone, workspace.tenant)
    claims.make_primary(tenant=workspace.tenant, host=claim.host, by=ELENI)
    unpublish(zone, claim)
    check_domain(claim_id=claim.pk)
    assert workspace.tenant.primary_domain == workspace.host
    assert Domain.objects.filter(domain=claim.host).exists()
    told = OutgoingMail.objects.get(kind=claims.FAILING, key__startswith=f"{claim.pk}:")
    mail.send(mail_id=told.pk)
    told.refresh_from_db()
    assert (told.to, bool(told.sent_at), told.error) == (workspace.owner, True, "")
    with pytest.raises(Refused):
        claims.make_primary(tenant=workspace.tenant, host=claim.host, by=ELENI)

    check_domain(claim_id=a_day_later(claim, days=2).pk)
    assert Domain.objects.filter(domain=claim.host).exists()
    check_domain(claim_id=a_day_later(claim, days=1).pk)
    assert not Domain.objects.filter(domain=claim.host).exists()
    assert DomainClaim.objects.get(pk=claim.pk).verified_at is None
    assert OutgoingMail.objects.filter(kind=claims.FAILING, to=workspace.owner).count() == 1


def test_records_that_come_back_in_time_are_well_again(
    web_stack: WebStack, zone: NameServer
) -> None:
    claim = verified(zone, create_workspace().tenant)
    unpublish(zone, claim)
    check_domain(claim_id=claim.pk)
    publish(zone, claim)
    check_domain(claim_id=claim.pk)
    claim.refresh_from_db()
    assert (claim.problem, claim.failing_since) == ("", None)


def test_each_verified_domain_is_asked_about_once_a_day(
    web_stack: WebStack, zone: NameServer
) -> None:
    fresh, stale = (verified(zone, create_workspace().tenant) for _ in range(2))
    unproven = claims.add(tenant=web_stack.acme.tenant, text=new_host(), by=ELENI)
    a_day_later(stale)
    sweep_domains(timestamp=0)
    jobs = ProcrastinateJob.objects.filter(task_name__endswith="check_domain", status="todo")
    asked = {job.args["claim_id"] for job in jobs}
    assert stale.pk in asked
    assert not asked & {fresh.pk, unproven.pk}
    claims.remove(claim=unproven, by=ELENI)


def test_dns_is_not_asked_in_a_hurry(web_stack: WebStack, zone: NameServer) -> None:
    claim = claims.add(tenant=create_workspace().tenant, text=new_host(), by=ELENI)
    claim = claims.check(claim=claim)
    before = zone.asked
    with pytest.raises(Refused):
        claims.check(claim=claim)
    assert zone.asked == before


def test_a_workspace_has_so_many_domains_and_no_more(web_stack: WebStack) -> None:
    tenant = create_workspace().tenant
    first = new_host()
    for host in (first, first, *(new_host() for _ in range(claims.MOST_CLAIMS - 1))):
        claims.add(tenant=tenant, text=host, by=ELENI)
    with pytest.raises(Refused):
        claims.add(tenant=tenant, text=new_host(), by=ELENI)


@pytest.mark.parametrize(
    "text",
    ["", "localhost", "acme.localhost", "a.b.localhost", "127.0.0.1", "10.1", "[::1]", "::1",
     "gr", "-a.gr", "a_b.gr", "a..gr", "http://a.gr", "a.gr/x", "a.gr:80", "a.gr@b.gr", "*.a.gr",
     "x" * 64 + ".gr", ".".join(["abc"] * 70), "printer.local", "a.internal", "x.onion", "a b.gr",
     "a.gr\x00", "a.1", "1.2.3.4.5", "xn--.gr", "🤖.gr"],
)  # fmt: skip
def test_what_is_no_domain_of_a_customers_is_refused(web_stack: WebStack, text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        claims.add(tenant=web_stack.acme.tenant, text=text, by=ELENI)
    assert set(refusal.value.errors) == {"host"}
    assert not DomainClaim.objects.filter(tenant=web_stack.acme.tenant).exists()


@pytest.mark.parametrize(
    ("text", "host"),
    [(" Concierge.Αθήνα.GR. ", "concierge.xn--jxafb0a0a.gr"), ("straße.de", "xn--strae-oqa.de")],
)
def test_domains_in_other_scripts_are_kept_as_dns_knows_them(
    web_stack: WebStack, text: str, host: str
) -> None:
    claim = claims.add(tenant=web_stack.acme.tenant, text=text, by=ELENI)
    assert claim.host == host
    claims.remove(claim=claim, by=ELENI)


def test_a_domain_in_another_script_is_served_and_shown_as_its_people_write_it(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    workspace = create_workspace()
    written = f"πολυκατοικία{secrets.randbelow(10**6)}.ελ"
    claim = verified(zone, workspace.tenant, f" {written.upper()}. ")
    assert claim.host.startswith("xn--")
    assert claim.host.isascii()
    until_status(http_client, claim.host, 401)
    assert http_client.ask("GET", "/api/me/", host=claim.host.upper()).status_code == 401
    claims.make_primary(tenant=workspace.tenant, host=claim.host, by=ELENI)
    assert domains.url_of(workspace.tenant).startswith(f"http://{claim.host}")
    assert overview.of(workspace.tenant).own[0].name == written
    again = claims.add(tenant=workspace.tenant, text=claim.host, by=ELENI)
    assert again.pk == claim.pk, "both ways of writing are one domain"


def test_after_its_quarantine_the_domain_of_who_has_left_can_be_proven_by_another(
    web_stack: WebStack, zone: NameServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offboarding_hooks, "_storages", [FolderVault(tmp_path / "vault")])
    left, comes = create_workspace(), create_workspace().tenant
    host = verified(zone, left.tenant).host
    departures.plan_archive(tenant=left.tenant, begins_at=timezone.now(), by="test")
    steps.proceed(of(left).pk)
    claim = claims.add(tenant=comes, text=host, by=ELENI)
    zone.records[dns_lookup.proof_host(host), "TXT"].append(dns_lookup.proof(claim.token))
    assert claims.check(claim=claim).problem == "elsewhere", "for thirty days it may come back"
    steps.proceed(later(left, days=31).pk)
    assert claims.check(claim=a_day_later(claim)).verified_at


def test_the_base_domains_own_zone_is_never_a_customers(
    web_stack: WebStack, settings: object
) -> None:
    tenant = web_stack.acme.tenant  # made before, or else it would live at that base for all tests
    settings.TENANT_BASE_DOMAIN = "app.concierge.example"  # type: ignore[attr-defined]
    settings.FRONTEND_URL = "https://www.concierge.example"  # type: ignore[attr-defined]
    for text in ("app.concierge.example", "x.app.concierge.example", "concierge.example",
                 "www.concierge.example"):  # fmt: skip
        with pytest.raises(Invalid):
            claims.add(tenant=tenant, text=text, by=ELENI)
    assert domains.label_of("x.app.concierge.example") == "x"


def test_who_removes_the_first_domain_is_back_at_the_subdomain(
    web_stack: WebStack, http_client: HttpClient, zone: NameServer
) -> None:
    workspace = create_workspace()
    claim = verified(zone, workspace.tenant)
    claims.make_primary(tenant=workspace.tenant, host=claim.host, by=ELENI)
    until_status(http_client, claim.host, 401)
    claims.remove(claim=claim, by=ELENI)
    assert workspace.tenant.primary_domain == workspace.host
    until_status(http_client, claim.host, 404)
