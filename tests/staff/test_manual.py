"""Anna of our staff works by hand in the admin, by clicking forms; nobody else gets at them."""

from __future__ import annotations

import dataclasses
import secrets

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.utils import timezone

from billing.models import Customer, Lead, ManualPayment
from public_apps.audit.models import Entry
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import AccessChange, Tenant
from tests.billing.stripe_stack import StripeStack, lead_of
from tests.core.web_stack import HttpClient, Workspace, create_workspace
from tests.staff.desk import TOKEN, Desk, staff_member

ALL = (
    "tenants.view_tenant", "tenants.change_tenant", "tenants.add_tenant", "tenants.delete_tenant",
    "billing.view_lead", "billing.change_lead", "billing.view_manualpayment",
    "billing.add_manualpayment", "billing.add_customer", "billing.view_customer", "audit.view_entry",
)  # fmt: skip


@pytest.fixture
def anna(http_client: HttpClient) -> tuple[Desk, str]:
    """A colleague who may do all of this."""
    return staff_member(http_client, ALL)


@pytest.fixture
def court(stripe_stack: StripeStack) -> Workspace:
    """A workspace without any subscription."""
    return create_workspace()


def page_of(workspace: Workspace) -> str:
    return f"tenants/tenant/{workspace.tenant.pk}"


def now_of(workspace: Workspace) -> str:
    return str(Tenant.objects.get(pk=workspace.tenant.pk).status)


def test_she_suspends_with_a_reason_and_resumes(court: Workspace, anna: tuple[Desk, str]) -> None:
    desk, email = anna
    empty = desk.submit(f"{page_of(court)}/suspend/", reason="")
    assert (empty.status_code, now_of(court)) == (200, "active")
    assert desk.submit(f"{page_of(court)}/suspend/", reason="A legal matter").status_code == 302
    assert now_of(court) == "suspended"
    history = desk.get(f"{page_of(court)}/change/").text
    assert "A legal matter" in history
    assert email in history
    assert "tenant.suspended" in history
    assert desk.submit(f"{page_of(court)}/resume/").status_code == 302
    assert now_of(court) == "active"
    changes = AccessChange.objects.filter(tenant=court.tenant).order_by("pk")
    assert list(changes.values_list("suspended", "cause")) == [(True, email), (False, email)]
    assert LogEntry.objects.filter(user__email=email, object_id=str(court.tenant.pk)).count() == 2


def test_opening_a_page_changes_nothing(court: Workspace, anna: tuple[Desk, str]) -> None:
    desk, _email = anna
    for deed in ("suspend", "resume", "record-payment", "link-customer", "archive"):
        assert desk.get(f"{page_of(court)}/{deed}/").status_code == 200
    assert now_of(court) == "active"
    assert not AccessChange.objects.filter(tenant=court.tenant).exists()


def test_she_opens_a_workspace_with_its_payment(
    stripe_stack: StripeStack, anna: tuple[Desk, str]
) -> None:
    desk, email = anna
    order = stripe_stack.order()
    answers = {
        "organization": order.organization, "subdomain": order.subdomain, "email": order.email,
        "first_name": order.first_name, "last_name": order.last_name, "language": "el",
        "plan": "starter", "amount": "49.00", "reference": "transfer 7", "paid_until": "2027-01-31",
    }  # fmt: skip
    assert desk.submit("tenants/tenant/open/", **answers).status_code == 302
    tenant = Tenant.objects.get(owner_email=order.email)
    payment = ManualPayment.objects.get(tenant=tenant)
    assert (payment.amount, payment.currency, payment.recorded_by) == (4900, "eur", email)
    assert tenant.access_review_at == payment.paid_until
    assert Signup.objects.get(tenant=tenant).source == "manual"

    taken = desk.submit("tenants/tenant/open/", **{**answers, "email": "other@sunny.example"})
    assert taken.status_code == 200
    assert "This name is taken." in taken.text
    half = desk.submit("tenants/tenant/open/", **{**answers, "paid_until": ""})
    assert "A payment needs a day" in half.text


def test_she_records_a_payment_and_corrects_it(court: Workspace, anna: tuple[Desk, str]) -> None:
    desk, email = anna
    answers = {"amount": "120.50", "reference": "receipt 1", "paid_until": "2999-12-31"}
    assert desk.submit(f"{page_of(court)}/record-payment/", **answers).status_code == 302
    again = desk.submit(f"{page_of(court)}/record-payment/", **answers)
    assert again.status_code == 200
    assert "recorded already" in again.text
    payment = ManualPayment.objects.get(tenant=court.tenant)
    assert (payment.amount, payment.recorded_by) == (12050, email)

    correction = {"amount": "0", "reference": "paid back", "paid_until": ""}
    path = f"billing/manualpayment/{payment.pk}/correct/"
    assert desk.submit(path, **correction).status_code == 302
    assert now_of(court) == "suspended"
    assert ManualPayment.objects.get(pk=payment.pk).amount == 12050


def test_a_lead_becomes_a_workspace_by_one_click_or_by_a_form(
    stripe_stack: StripeStack, anna: tuple[Desk, str]
) -> None:
    desk, _email = anna
    orders = [stripe_stack.order(), stripe_stack.order()]
    leads = [lead_of(order) for order in orders]

    one_click = {"action": "open_chosen", "_selected_action": str(leads[0].pk)}
    asked = desk.submit("billing/lead/", **one_click)
    assert (asked.status_code, Tenant.objects.filter(owner_email=orders[0].email).count()) == (
        200,
        0,
    )
    assert desk.submit("billing/lead/", **one_click, confirmed="yes").status_code == 302
    assert Tenant.objects.get(owner_email=orders[0].email).status == "active"

    form = desk.get(f"billing/lead/{leads[1].pk}/open/")
    assert f'value="{orders[1].subdomain}"' in form.text
    other = f"other-{secrets.token_hex(4)}"
    answers = {
        **dataclasses.asdict(orders[1]), "subdomain": other, "language": "en", "plan": "",
    }  # fmt: skip
    assert desk.submit(f"billing/lead/{leads[1].pk}/open/", **answers).status_code == 302
    tenant = Tenant.objects.get(owner_email=orders[1].email)
    assert tenant.primary_domain.startswith(other)
    assert Lead.objects.get(pk=leads[1].pk).signup == Signup.objects.get(tenant=tenant)


def test_a_link_that_stripe_cannot_confirm_is_refused_in_the_form(
    court: Workspace, anna: tuple[Desk, str]
) -> None:
    desk, _email = anna  # this server's Stripe does not answer
    answer = desk.submit(f"{page_of(court)}/link-customer/", customer_id="cus_any")
    assert answer.status_code == 200
    assert "could not reach" in answer.text
    assert not Customer.objects.filter(tenant=court.tenant).exists()


def test_she_undoes_a_wrong_link_with_a_reason(court: Workspace, anna: tuple[Desk, str]) -> None:
    desk, email = anna
    wrong = Customer.objects.create(pk=f"cus_{secrets.token_hex(6)}", tenant=court.tenant)
    page = f"billing/customer/{quote(wrong.pk)}/unlink/"
    assert desk.submit(page, reason="").status_code == 200
    assert Customer.objects.filter(pk=wrong.pk).exists()
    assert desk.submit(page, reason="They asked for another workspace").status_code == 302
    assert not Customer.objects.filter(pk=wrong.pk).exists()
    entry = Entry.objects.get(action="customer.unlinked", detail__customer=wrong.pk)
    assert (entry.actor, entry.detail["reason"]) == (email, "They asked for another workspace")
    assert desk.get(page).status_code == 404


def test_she_archives_and_keeps_it_after_all(court: Workspace, anna: tuple[Desk, str]) -> None:
    desk, _email = anna
    assert desk.submit(f"{page_of(court)}/archive/", reason="a test").status_code == 302
    assert now_of(court) == "archived"
    assert desk.submit(f"{page_of(court)}/keep/", reason="a mistake").status_code == 302
    assert now_of(court) == "active"


def test_the_archive_refuses_while_the_subscription_cannot_be_ended(
    stripe_stack: StripeStack, anna: tuple[Desk, str]
) -> None:
    desk, _email = anna  # this server's Stripe does not answer
    eleni = stripe_stack.buy()
    answer = desk.submit(f"tenants/tenant/{eleni.tenant.pk}/archive/", reason="a test")
    assert answer.status_code == 200
    assert "could not be asked" in answer.text
    assert eleni.tenant.status == "active"


DEEDS = (
    "suspend", "resume", "record-payment", "link-customer", "archive", "impersonate",
    "resend-welcome", "retry-provisioning", "change-subdomain", "put-off", "keep", "bring-back",
    "erase", "verify-domain", "first-address", "remove-domain",
)  # fmt: skip


def test_a_colleague_who_may_only_look_can_do_nothing(
    court: Workspace, http_client: HttpClient
) -> None:
    desk, _email = staff_member(http_client, ["tenants.view_tenant", "billing.view_lead"])
    assert desk.get(f"{page_of(court)}/change/").status_code == 200
    token = TOKEN.search(desk.get("login/").text) or TOKEN.search(
        desk.get(f"{page_of(court)}/change/").text
    )
    paths = [*(f"{page_of(court)}/{deed}/" for deed in DEEDS), "tenants/tenant/open/"]
    for path in paths:
        assert desk.get(path).status_code == 403, path
        posted = desk.session.post(
            f"{desk.url}/admin/{path}",
            data={"csrfmiddlewaretoken": token[1] if token else "", "reason": "x"},
            timeout=30,
            allow_redirects=False,
        )
        assert posted.status_code == 403, path
    assert now_of(court) == "active"


def test_strangers_are_sent_to_the_sign_in_and_tenants_hosts_have_no_admin(
    court: Workspace, http_client: HttpClient
) -> None:
    for deed in DEEDS:
        for method in ("GET", "POST"):
            answer = http_client.ask(method, f"/admin/{page_of(court)}/{deed}/")
            assert answer.status_code in {302, 403}, deed
            there = http_client.ask(method, f"/admin/{page_of(court)}/{deed}/", host=court.host)
            assert there.status_code == 404, deed
    assert now_of(court) == "active"


def test_no_page_of_a_record_can_be_saved(court: Workspace, anna: tuple[Desk, str]) -> None:
    desk, _email = anna
    Tenant.objects.filter(pk=court.tenant.pk).update(access_review_at=timezone.now())
    page = desk.get(f"{page_of(court)}/change/")
    assert 'name="_save"' not in page.text
    answer = desk.session.post(
        f"{desk.url}/admin/{page_of(court)}/change/",
        data={"csrfmiddlewaretoken": TOKEN.search(page.text)[1] if TOKEN.search(page.text) else ""},  # type: ignore[index]
        timeout=30,
        allow_redirects=False,
    )
    assert answer.status_code == 403
