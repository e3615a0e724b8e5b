"""What support, finance and operators may do, page by page; and what nobody outside may."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group
from procrastinate.contrib.django.models import ProcrastinateJob

from billing.models import Lead, ManualPayment, StripeEvent
from public_apps.onboarding.models import Signup
from staff import groups
from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.staff.desk import member_of

GROUPS = ("support", "finance", "operator")
# Which of support, finance and operator may open the page, in this order.
PAGES = {
    "tenants/tenant/": "yes yes yes",
    "tenants/tenant/{tenant}/change/": "yes yes yes",
    "tenants/tenant/{tenant}/impersonate/": "yes no yes",
    "tenants/tenant/{tenant}/resend-welcome/": "yes no yes",
    "tenants/tenant/{tenant}/retry-provisioning/": "yes no yes",
    "tenants/tenant/{tenant}/record-payment/": "no yes yes",
    "tenants/tenant/{tenant}/link-customer/": "no yes yes",
    "tenants/tenant/{tenant}/suspend/": "no no yes",
    "tenants/tenant/{tenant}/resume/": "no no yes",
    "tenants/tenant/{tenant}/change-subdomain/": "no no yes",
    "tenants/tenant/{tenant}/archive/": "no no yes",
    "tenants/tenant/{tenant}/put-off/": "no no yes",
    "tenants/tenant/{tenant}/keep/": "no no yes",
    "tenants/tenant/{tenant}/bring-back/": "no no yes",
    "tenants/tenant/{tenant}/erase/": "no no yes",
    "tenants/tenant/{tenant}/verify-domain/": "no no yes",
    "tenants/tenant/{tenant}/first-address/": "no no yes",
    "tenants/tenant/{tenant}/remove-domain/": "no no yes",
    "tenants/tenant/open/": "no no yes",
    "tenants/tenant/add/": "no no no",
    "tenants/tenant/{tenant}/delete/": "no no no",
    "billing/stripeevent/": "yes yes yes",
    "billing/stripeevent/{event}/change/": "yes yes yes",
    "billing/stripeevent/{event}/retry/": "yes no yes",
    "billing/stripeevent/{event_as_linked}/retry/": "yes no yes",
    "billing/stripeevent/{event}/delete/": "no no no",
    "onboarding/signup/{signup}/change/": "yes yes yes",
    "onboarding/signup/{signup}/retry/": "yes no yes",
    "billing/plan/": "yes yes yes",
    "billing/plan/add/": "no yes yes",
    "billing/plan/push/": "no yes yes",
    "billing/lead/": "yes yes yes",
    "billing/lead/{lead}/open/": "no no yes",
    "billing/manualpayment/": "yes yes yes",
    "billing/manualpayment/{payment}/correct/": "no yes yes",
    "billing/invoice/": "yes yes yes",
    "billing/customer/{customer}/unlink/": "no yes yes",
    "core/outgoingmail/": "yes yes yes",
    "procrastinate/procrastinatejob/": "yes no yes",
    "accounts/user/": "no no yes",
    "accounts/user/add/": "no no yes",
    "tenants/tenantmigration/": "no no yes",
    "auth/group/": "no no yes",
    "auth/group/add/": "no no no",
    "audit/entry/": "yes yes yes",
    "audit/entry/add/": "no no no",
    "staff/impersonation/": "yes no yes",
}


@pytest.fixture
def places(stripe_stack: StripeStack) -> dict[str, Any]:
    """One of everything."""
    eleni = stripe_stack.buy()
    lead = Lead.objects.create(
        organization="Late", subdomain=f"late-{secrets.token_hex(4)}", email="late@one.example",
        first_name="L", last_name="One", plan="starter", interval="month",
    )  # fmt: skip
    from billing import manual_mode

    payment = manual_mode.record_payment(
        tenant=eleni.tenant, amount=100, currency="eur", reference="r 1",
        paid_until=eleni.tenant.created_at, by="the test",
    )  # fmt: skip
    event = StripeEvent.objects.filter(tenant=eleni.tenant).first()
    assert event
    return {
        "tenant": eleni.tenant.pk,
        "event": event.pk,
        "event_as_linked": quote(event.pk),
        "signup": Signup.objects.get(tenant=eleni.tenant).pk,
        "lead": lead.pk,
        "payment": payment.pk,
        "customer": quote(eleni.customer_id),
    }


def test_each_group_opens_its_pages_and_no_others(
    places: dict[str, Any], web_stack: WebStack
) -> None:
    desks = {group: member_of(web_stack.http_client(), group)[0] for group in GROUPS}
    found = {
        path: " ".join(
            "yes" if desks[group].get(path.format(**places)).status_code == 200 else "no"
            for group in GROUPS
        )
        for path in PAGES
    }
    assert found == PAGES
    Lead.objects.filter(pk=places["lead"]).delete()
    ManualPayment.objects.filter(pk=places["payment"]).delete()


def test_actions_on_many_ask_for_the_same_rights(
    web_stack: WebStack, places: dict[str, Any]
) -> None:
    finance, _person = member_of(web_stack.http_client(), "finance")
    chosen = {"_selected_action": str(places["event"]), "confirmed": "yes"}
    before = StripeEvent.objects.get(pk=places["event"]).status
    finance.submit("billing/stripeevent/", action="retry_chosen", **chosen)
    assert StripeEvent.objects.get(pk=places["event"]).status == before
    support, _person = member_of(web_stack.http_client(), "support")
    support.submit("billing/stripeevent/", action="retry_chosen", **chosen)
    assert StripeEvent.objects.get(pk=places["event"]).status == "received"
    job = ProcrastinateJob.objects.filter(status="todo").first()
    assert job
    support.submit(
        "procrastinate/procrastinatejob/",
        action="cancel_chosen", _selected_action=str(job.pk), confirmed="yes",
    )  # fmt: skip
    assert ProcrastinateJob.objects.get(pk=job.pk).status == "todo"


def test_migrating_brings_the_groups_in_line_with_the_table(web_stack: WebStack) -> None:
    support = Group.objects.get(name="support")
    support.permissions.clear()
    groups.bring_in_line()
    names = support.permissions.values_list("content_type__app_label", "codename")
    assert {f"{app}.{codename}" for app, codename in names} == groups.GRANTS["support"]


def test_a_tenants_user_and_its_session_are_nobody_in_the_admin(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    court = create_workspace()
    token = http_client.token(court)
    for cookies in ({"session": token}, {}):
        answer = http_client.ask(
            "GET", "/admin/", cookies=cookies, headers={"X-Session-Token": token}
        )
        assert answer.status_code == 302
        assert "/admin/login/" in answer.headers["Location"]
        chosen = http_client.ask(
            "GET", "/admin/", cookies=cookies, headers={"X-Tenant-Host": court.host}
        )
        assert chosen.status_code == 302
    page = http_client.ask("GET", "/admin/login/")
    assert court.owner not in page.text


def test_no_page_of_the_admin_answers_on_a_tenants_host(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for path in [*PAGES, "", "login/", "second-factor/", "second-factor/codes/", "search/"]:
        place = path.format(
            tenant=1,
            event="evt_1",
            event_as_linked="evt_5F1",
            signup=1,
            lead=1,
            payment=1,
            customer="cus_1",
        )
        answer = http_client.ask("GET", f"/admin/{place}", host=web_stack.acme.host)
        assert answer.status_code == 404, path
