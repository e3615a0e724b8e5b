"""Whatever got lost between Stripe and us is found, said once, and repaired."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from billing import access, reconcile, repair, stripe_mismatch
from billing.models import Customer, Invoice, Price, Subscription
from billing.reconcile import Kind
from billing.tasks import confirm_drift, watch_drift
from devstack import mailbox
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.monitoring import incidents
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import AccessChange, Tenant
from tests.billing.stripe_stack import Customer as Buyer
from tests.billing.stripe_stack import StripeStack
from tests.billing.test_access import change_price
from tests.core.web_stack import WebStack


@pytest.fixture
def eleni(stripe_stack: StripeStack) -> Buyer:
    """Somebody who has paid, and of whom Stripe then tells us nothing more."""
    eleni = stripe_stack.buy()
    stripe_stack.hold_deliveries()
    return eleni


def kinds(tenant: Tenant) -> set[str]:
    """Return what differs for a tenant, as `kind field`."""
    return {f"{each.kind} {each.field}" for each in reconcile.differences(tenant=tenant)}


def test_where_nothing_was_lost_nothing_differs(eleni: Buyer) -> None:
    assert reconcile.differences(tenant=eleni.tenant) == []


def test_a_lost_change_of_status_is_found_and_repaired(eleni: Buyer) -> None:
    eleni.move("paused")
    assert kinds(eleni.tenant) == {"subscription status"}
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert kinds(eleni.tenant) == set()
    assert eleni.tenant.status == "suspended"


def test_a_lost_change_of_price_is_found_and_repaired(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    wanted = Price.objects.get(plan__code="enterprise", interval="month", currency="eur")
    change_price(stripe_stack, eleni.subscription_id, wanted.stripe_price_id)
    assert "subscription price_id" in kinds(eleni.tenant)
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert kinds(eleni.tenant) == set()
    assert eleni.mirrored.plan == wanted.plan


def test_lost_flags_and_dates_are_found_and_repaired(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    stripe_stack.post(f"subscriptions/{eleni.subscription_id}", cancel_at_period_end="true")
    assert {"subscription cancel_at_period_end", "subscription cancel_at"} <= kinds(eleni.tenant)
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert kinds(eleni.tenant) == set()


def test_a_lost_invoice_is_found_and_repaired(eleni: Buyer) -> None:
    Invoice.objects.filter(tenant=eleni.tenant).delete()
    assert kinds(eleni.tenant) == {"invoice existence"}
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert kinds(eleni.tenant) == set()
    assert Invoice.objects.get(tenant=eleni.tenant).status == "paid"


def test_a_lost_mirror_is_found_and_repaired(eleni: Buyer) -> None:
    Subscription.objects.filter(tenant=eleni.tenant).delete()
    assert kinds(eleni.tenant) == {"subscription existence"}
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert eleni.mirrored.tenant == eleni.tenant


def test_what_stripe_no_longer_has_is_found_and_repaired(eleni: Buyer) -> None:
    gone = f"sub_gone_{eleni.signup.pk.hex}"
    Subscription.objects.filter(pk=eleni.subscription_id).update(id=gone)
    found = {each.object_id: each for each in reconcile.differences(tenant=eleni.tenant)}
    assert (found[gone].field, found[gone].stripes) == ("existence", "gone")
    assert found[eleni.subscription_id].ours == "missing"
    repair.repair(found.values())
    assert kinds(eleni.tenant) == set()
    assert eleni.tenant.status == "active"


@pytest.mark.parametrize("everybody", [True, False])
def test_a_deleted_customer_is_found_and_repaired(
    stripe_stack: StripeStack, eleni: Buyer, everybody: bool
) -> None:
    tenant = eleni.tenant
    stripe_stack.delete(f"customers/{eleni.customer_id}")
    found = reconcile.differences(tenant=None if everybody else tenant)
    mine = {f"{each.kind} {each.field}" for each in found if each.tenant == tenant.schema_name}
    assert {"customer existence", "subscription status"} <= mine
    repair.repair(reconcile.differences(tenant=tenant))
    assert kinds(tenant) == set()
    assert Customer.objects.get(pk=eleni.customer_id).gone_at is not None
    assert eleni.tenant.status == "suspended"


def test_a_purchase_that_we_never_heard_of_is_found_and_its_workspace_opened(
    stripe_stack: StripeStack,
) -> None:
    stripe_stack.hold_deliveries()
    eleni = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": "paid"})
    assert eleni.signup.tenant is None
    found = [each for each in reconcile.differences() if each.object_id == eleni.subscription_id]
    assert [each.kind for each in found] == [Kind.UNCLAIMED]
    repair.repair(found)
    assert eleni.tenant.status == "active"
    assert eleni.mails("welcome") == 1
    # Its events are still to come.
    assert kinds(eleni.tenant) == {"invoice existence", "payment existence"}


def test_access_that_does_not_follow_what_we_know_is_found_and_repaired(eleni: Buyer) -> None:
    Tenant.objects.filter(pk=eleni.tenant.pk).update(
        suspended_at=timezone.now(), suspended_reason="by accident"
    )
    assert kinds(eleni.tenant) == {"access access"}
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert eleni.tenant.status == "active"
    assert AccessChange.objects.get(tenant=eleni.tenant).cause == repair.CAUSE


def test_two_live_subscriptions_are_for_people_to_judge(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    second = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{second.session_id}/complete", {"outcome": "paid"})
    Customer.objects.create(pk=second.customer_id, tenant=eleni.tenant)
    access.sync_subscription(subscription_id=second.subscription_id)
    found = [each for each in reconcile.differences(tenant=eleni.tenant) if each.kind == Kind.TWICE]
    assert len(found) == 1
    assert eleni.subscription_id in found[0].stripes
    assert second.subscription_id in found[0].stripes
    repair.repair(found)
    assert eleni.at_stripe["status"] == second.at_stripe["status"] == "active"


def test_an_archived_tenant_that_is_still_charged_is_reported(eleni: Buyer) -> None:
    Tenant.objects.filter(pk=eleni.tenant.pk).update(archived_at=timezone.now())
    found = reconcile.differences(tenant=eleni.tenant)
    assert [each.kind for each in found] == [Kind.ARCHIVED]


def test_a_subscription_of_another_business_on_the_same_account_is_none_of_ours(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    stripe_stack.post(f"subscriptions/{eleni.subscription_id}", **{"metadata[signup_id]": ""})
    product = stripe_stack.post("products", name="Gardening")["id"]
    often = {"recurring[interval]": "month"}
    theirs = stripe_stack.post("prices", product=product, currency="eur", unit_amount=900, **often)
    change_price(stripe_stack, eleni.subscription_id, theirs["id"])
    tenant = eleni.tenant
    Customer.objects.filter(pk=eleni.customer_id).delete()
    Subscription.objects.filter(tenant=tenant).delete()
    Invoice.objects.filter(tenant=tenant).delete()
    ids = {each.object_id for each in reconcile.differences()}
    assert eleni.subscription_id not in ids


def test_the_whole_fleet_is_read_page_by_page(stripe_stack: StripeStack, eleni: Buyer) -> None:
    everybody = {each.object_id for each in reconcile.differences()}
    assert eleni.subscription_id not in everybody
    eleni.move("unpaid")
    everybody = {each.object_id for each in reconcile.differences()}
    assert eleni.subscription_id in everybody


# --- The command ----------------------------------------------------------------------------------


def command(stripe_stack: StripeStack, *arguments: str) -> tuple[int, str]:
    """Run `manage.py reconcile` as an operator would."""
    done = stripe_stack.web_stack.stack.manage(
        "reconcile", *arguments, environ={"STRIPE_API_BASE": stripe_stack.mock}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_the_command_shows_drift_repairs_it_and_says_so_by_its_status(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    label = eleni.order.subdomain
    assert command(stripe_stack, "--tenant", label) == (0, "No differences.\n")
    eleni.move("unpaid")
    status, told = command(stripe_stack, "--tenant", label)
    assert status == 1
    assert f"subscription {eleni.subscription_id}" in told
    assert "ours active, Stripe's unpaid" in told
    status, told = command(stripe_stack, "--tenant", label, "--fix")
    assert (status, told.splitlines()[-1]) == (0, "All repaired.")
    assert command(stripe_stack, "--tenant", label, "--json") == (0, "[]\n")


def test_the_command_tells_programs_in_json(stripe_stack: StripeStack, eleni: Buyer) -> None:
    eleni.move("unpaid")
    status, told = command(stripe_stack, "--tenant", eleni.tenant.schema_name, "--json")
    rows: list[dict[str, Any]] = json.loads(told)
    assert status == 1
    assert {
        "kind": "subscription",
        "field": "status",
        "ours": "active",
        "stripes": "unpaid",
    }.items() <= rows[0].items()


def test_an_unreachable_stripe_is_not_mistaken_for_drift(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    with stripe_stack.fault(status=500):
        with pytest.raises(CommandError) as refusal:
            call_command("reconcile", "--tenant", eleni.order.subdomain, "--fix")
        watch_drift(timestamp=0)
    assert refusal.value.returncode == 2
    assert not Incident.objects.filter(kind=stripe_mismatch.KIND, closed_at=None).exists()
    assert eleni.mirrored.gone_at is None


# --- The worker's watch ---------------------------------------------------------------------------


def test_drift_that_stands_is_logged_and_mailed_once_until_it_is_over(
    eleni: Buyer, web_stack: WebStack, caplog: pytest.LogCaptureFixture
) -> None:
    eleni.move("unpaid")
    ops = f"ops@{eleni.order.subdomain}.example"  # nobody else's: mails stay in the folder
    with override_settings(OPS_ALERT_EMAILS=[ops]):
        lines = [each.line for each in reconcile.differences(tenant=eleni.tenant)]
        for _hour in range(3):
            confirm_drift(lines=lines)
    assert any(
        record.levelname == "ERROR" and "drift" in record.getMessage() for record in caplog.records
    )
    incident = Incident.objects.get(kind=stripe_mismatch.KIND, closed_at=None)
    assert incident.lines == lines
    mails = OutgoingMail.objects.filter(kind=incidents.OPENED, key__startswith=f"{incident.pk}:")
    assert sorted(mails.values_list("to", flat=True)) == [ops]
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend"):
        mail.send(mail_id=mails[0].pk)
    [arrived] = mailbox.mails_to(ops, folder=web_stack.stack.mail_dir)
    assert eleni.subscription_id in mailbox.plain_text(arrived)

    repair.repair(reconcile.differences(tenant=eleni.tenant))
    confirm_drift(lines=lines)
    assert not Incident.objects.filter(kind=stripe_mismatch.KIND, closed_at=None).exists()
    assert (
        incidents.opened(mails[0]) is None
    )  # one that could not leave in time is no longer wanted


def test_the_worker_takes_a_second_look_before_it_tells_anybody(eleni: Buyer) -> None:
    eleni.move("unpaid")
    ProcrastinateJob.objects.filter(task_name=confirm_drift.name).delete()
    watch_drift(timestamp=0)
    job = ProcrastinateJob.objects.get(task_name=confirm_drift.name)
    assert job.scheduled_at > timezone.now()
    assert any(eleni.subscription_id in line for line in job.args["lines"])


def test_what_was_only_on_its_way_is_no_drift(eleni: Buyer) -> None:
    eleni.move("unpaid")
    lines = [each.line for each in reconcile.differences(tenant=eleni.tenant)]
    repair.repair(reconcile.differences(tenant=eleni.tenant))  # as the late events would
    confirm_drift(lines=lines)
    assert not Incident.objects.filter(kind=stripe_mismatch.KIND, closed_at=None).exists()
