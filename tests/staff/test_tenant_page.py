"""The page that tells a tenant's whole story, and what staff do from there."""

from __future__ import annotations

import secrets

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from billing.models import StripeEvent
from public_apps.audit.models import Entry
from public_apps.core.models import OutgoingMail
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant
from tests.billing.stripe_stack import Customer, StripeStack
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.staff.desk import Desk, member_of


@pytest.fixture
def anna(http_client: HttpClient) -> Desk:
    """A colleague who may do everything."""
    return member_of(http_client, "operator")[0]


@pytest.fixture
def eleni(stripe_stack: StripeStack) -> Customer:
    """Somebody who has bought a workspace."""
    return stripe_stack.buy()


def page_of(customer: Customer) -> str:
    return f"tenants/tenant/{customer.tenant.pk}"


def test_one_page_tells_the_whole_story(anna: Desk, eleni: Customer) -> None:
    story = anna.get(f"{page_of(eleni)}/change/").text
    invoice = StripeEvent.objects.filter(tenant=eleni.tenant, type="invoice.paid").first()
    told = (
        eleni.order.email, eleni.host, eleni.subscription_id, eleni.customer_id, "€49",
        eleni.tenant.schema_name, "not chosen yet", "workspace taken", "checkout.session.completed",
        str(Signup.objects.get(tenant=eleni.tenant).pk), invoice and invoice.pk,
    )  # fmt: skip
    assert [word for word in told if not word or word not in story] == []
    narrowed = anna.get(f"billing/stripeevent/?tenant={eleni.tenant.pk}").text
    assert invoice
    assert invoice.pk in narrowed
    assert anna.get(f"billing/stripeevent/{invoice.pk}/change/").text.count("evt_") >= 1


def test_another_subdomain_is_the_first_from_now_on_and_the_old_one_lives(
    anna: Desk, eleni: Customer, http_client: HttpClient
) -> None:
    before = eleni.host
    label = f"moved-{secrets.token_hex(3)}"
    assert anna.submit(f"{page_of(eleni)}/change-subdomain/", label=label).status_code == 302
    after = Tenant.objects.get(pk=eleni.tenant.pk).primary_domain
    assert after.startswith(label)
    assert http_client.ask("GET", "/accounts/login/", host=after).status_code == 200
    assert http_client.ask("POST", "/api/me/", host=before).status_code == 401, "it is still theirs"
    entry = Entry.objects.get(action="tenant.subdomain_changed", target_id=str(eleni.tenant.pk))
    assert entry.detail == {"from": before, "to": after}
    back = anna.submit(f"{page_of(eleni)}/change-subdomain/", label=before.partition(".")[0])
    assert back.status_code == 302
    assert Tenant.objects.get(pk=eleni.tenant.pk).primary_domain == before


def test_a_name_that_is_taken_held_or_none_is_refused_and_nothing_moves(
    anna: Desk, eleni: Customer, stripe_stack: StripeStack, web_stack: WebStack
) -> None:
    held = stripe_stack.check_out().order.subdomain
    before = eleni.tenant.primary_domain
    for label in ("acme", held, "admin", "no such name", "x"):
        found = web_stack.acme.host if label == "acme" else ""
        assert anna.submit(f"{page_of(eleni)}/change-subdomain/", label=label).status_code == 200, (
            found
        )
    assert list(eleni.tenant.domains.values_list("domain", flat=True)) == [before]


def test_the_welcome_mail_goes_out_again_but_not_twice_in_a_minute(
    anna: Desk, eleni: Customer
) -> None:
    path = f"{page_of(eleni)}/resend-welcome/"
    assert "Not now" in anna.submit(path).text
    welcome = OutgoingMail.objects.filter(kind="welcome", to=eleni.order.email)
    mail = welcome.get()
    OutgoingMail.objects.filter(pk=mail.pk).update(created_at=mail.created_at.replace(year=2020))
    assert anna.submit(path).status_code == 302
    assert welcome.count() == 2
    assert Entry.objects.filter(action="tenant.welcome_resent").exists()


def test_provisioning_is_taken_up_again_by_a_worker(anna: Desk, eleni: Customer) -> None:
    assert anna.submit(f"{page_of(eleni)}/retry-provisioning/").status_code == 302
    signup = Signup.objects.get(tenant=eleni.tenant)
    job = ProcrastinateJob.objects.filter(task_name__endswith="settle_signup").latest("id")
    assert job.args["signup_id"] == str(signup.pk)


def test_a_workspace_that_nobody_signed_up_for_has_no_such_mail(
    anna: Desk, web_stack: WebStack
) -> None:
    court = create_workspace()
    answer = anna.submit(f"tenants/tenant/{court.tenant.pk}/resend-welcome/")
    assert "No sign-up led" in answer.text


def test_what_staff_do_to_many_asks_first_and_is_written_down_for_each(
    anna: Desk, eleni: Customer
) -> None:
    chosen = [each.pk for each in StripeEvent.objects.filter(tenant=eleni.tenant)[:2]]
    answers = {"action": "retry_chosen", "_selected_action": chosen}
    asked = anna.submit("billing/stripeevent/", **answers)
    assert asked.status_code == 200
    assert not StripeEvent.objects.filter(pk__in=chosen, status="received").exists()
    assert anna.submit("billing/stripeevent/", **answers, confirmed="yes").status_code == 302
    assert StripeEvent.objects.filter(pk__in=chosen, status="received").count() == 2
    recorded = Entry.objects.filter(action="event.retried", target_id__in=chosen)
    assert recorded.count() == 2


def test_an_edited_plan_is_recorded(anna: Desk, stripe_stack: StripeStack) -> None:
    from billing.models import Plan

    plan = Plan.objects.create(code=f"test-{secrets.token_hex(3)}", name="Test", offered=False)
    form = {
        "code": plan.code, "name": "Tested", "trial_days": 3, "position": 9,
        "prices-TOTAL_FORMS": 0, "prices-INITIAL_FORMS": 0,
    }  # fmt: skip
    saved = anna.submit(f"billing/plan/{plan.pk}/change/", **form)
    assert saved.status_code == 302, saved.text
    entry = Entry.objects.get(action="plan.changed", target_id=str(plan.pk))
    assert "name" in str(entry.detail).lower()
    plan.delete()


def test_plans_go_to_stripe_after_a_question(anna: Desk, stripe_stack: StripeStack) -> None:
    assert anna.get("billing/plan/push/").status_code == 200
    refused = anna.submit("billing/plan/push/")  # this server's Stripe does not answer
    assert (refused.status_code, "Stripe" in refused.text) == (200, True)


def test_the_page_of_a_workspace_whose_schema_is_gone_still_opens(
    anna: Desk, web_stack: WebStack
) -> None:
    lost = Tenant.objects.create(
        name="Lost", owner_email="nobody@lost.example", provisioned_at=timezone.now()
    )
    page = anna.get(f"tenants/tenant/{lost.pk}/change/")
    assert (page.status_code, "nobody@lost.example" in page.text) == (200, True)
    lost.delete()
