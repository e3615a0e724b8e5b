"""Whatever got lost between Stripe and us is found, said once, and repaired."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from billing import access, drift, missed, reconcile, repair
from billing.models import Customer, Incident, Invoice, Price, StripeEvent, Subscription
from billing.reconcile import Kind
from billing.tasks import confirm_drift, watch_drift
from public_apps.core.models import OutgoingMail
from public_apps.tenants.models import AccessChange, Tenant
from tests.billing.bench import Bench
from tests.billing.bench import Customer as Buyer
from tests.billing.test_access import change_price
from tests.core.ground import Ground


@pytest.fixture
def eleni(bench: Bench) -> Buyer:
    """Somebody who has paid, and of whom Stripe then tells us nothing more."""
    eleni = bench.buy()
    bench.hold_deliveries()
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


def test_a_lost_change_of_price_is_found_and_repaired(bench: Bench, eleni: Buyer) -> None:
    wanted = Price.objects.get(plan__code="enterprise", interval="month", currency="eur")
    change_price(bench, eleni.subscription_id, wanted.stripe_price_id)
    assert "subscription price_id" in kinds(eleni.tenant)
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert kinds(eleni.tenant) == set()
    assert eleni.mirrored.plan == wanted.plan


def test_lost_flags_and_dates_are_found_and_repaired(bench: Bench, eleni: Buyer) -> None:
    bench.post(f"subscriptions/{eleni.subscription_id}", cancel_at_period_end="true")
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
    bench: Bench, eleni: Buyer, everybody: bool
) -> None:
    tenant = eleni.tenant
    bench.delete(f"customers/{eleni.customer_id}")
    found = reconcile.differences(tenant=None if everybody else tenant)
    mine = {f"{each.kind} {each.field}" for each in found if each.tenant == tenant.schema_name}
    assert {"customer existence", "subscription status"} <= mine
    repair.repair(reconcile.differences(tenant=tenant))
    assert kinds(tenant) == set()
    assert Customer.objects.get(pk=eleni.customer_id).gone_at is not None
    assert eleni.tenant.status == "suspended"


def test_a_purchase_that_we_never_heard_of_is_found_and_its_workspace_opened(
    bench: Bench,
) -> None:
    bench.hold_deliveries()
    eleni = bench.check_out()
    bench.control(f"sessions/{eleni.session_id}/complete", {"outcome": "paid"})
    assert eleni.signup.tenant is None
    found = [each for each in reconcile.differences() if each.object_id == eleni.subscription_id]
    assert [each.kind for each in found] == [Kind.UNCLAIMED]
    repair.repair(found)
    assert eleni.tenant.status == "active"
    assert eleni.mails("welcome") == 1
    assert kinds(eleni.tenant) == {"invoice existence"}  # its events are still to come


def test_access_that_does_not_follow_what_we_know_is_found_and_repaired(eleni: Buyer) -> None:
    Tenant.objects.filter(pk=eleni.tenant.pk).update(
        suspended_at=timezone.now(), suspended_reason="by accident"
    )
    assert kinds(eleni.tenant) == {"access access"}
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    assert eleni.tenant.status == "active"
    assert AccessChange.objects.get(tenant=eleni.tenant).cause == repair.CAUSE


def test_two_live_subscriptions_are_for_people_to_judge(bench: Bench, eleni: Buyer) -> None:
    second = bench.check_out()
    bench.control(f"sessions/{second.session_id}/complete", {"outcome": "paid"})
    Customer.objects.create(pk=second.customer_id, tenant=eleni.tenant)
    access.follow_subscription(subscription_id=second.subscription_id)
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
    bench: Bench, eleni: Buyer
) -> None:
    bench.post(f"subscriptions/{eleni.subscription_id}", **{"metadata[signup_id]": ""})
    tenant = eleni.tenant
    Customer.objects.filter(pk=eleni.customer_id).delete()
    Subscription.objects.filter(tenant=tenant).delete()
    Invoice.objects.filter(tenant=tenant).delete()
    ids = {each.object_id for each in reconcile.differences()}
    assert eleni.subscription_id not in ids


def test_the_whole_fleet_is_read_page_by_page(bench: Bench, eleni: Buyer) -> None:
    everybody = {each.object_id for each in reconcile.differences()}
    assert eleni.subscription_id not in everybody
    eleni.move("unpaid")
    everybody = {each.object_id for each in reconcile.differences()}
    assert eleni.subscription_id in everybody


# --- The command ----------------------------------------------------------------------------------


def command(bench: Bench, *arguments: str) -> tuple[int, str]:
    """Run `manage.py reconcile` as an operator would."""
    done = bench.ground.stack.manage(
        "reconcile", *arguments, environ={"STRIPE_API_BASE": bench.mock}
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_the_command_shows_drift_repairs_it_and_says_so_by_its_status(
    bench: Bench, eleni: Buyer
) -> None:
    label = eleni.order.subdomain
    assert command(bench, "--tenant", label) == (0, "No differences.\n")
    eleni.move("unpaid")
    status, told = command(bench, "--tenant", label)
    assert status == 1
    assert f"subscription {eleni.subscription_id}" in told
    assert "ours active, Stripe's unpaid" in told
    status, told = command(bench, "--tenant", label, "--fix")
    assert (status, told.splitlines()[-1]) == (0, "All repaired.")
    assert command(bench, "--tenant", label, "--json") == (0, "[]\n")


def test_the_command_tells_programs_in_json(bench: Bench, eleni: Buyer) -> None:
    eleni.move("unpaid")
    status, told = command(bench, "--tenant", eleni.tenant.schema_name, "--json")
    rows: list[dict[str, Any]] = json.loads(told)
    assert status == 1
    assert {
        "kind": "subscription",
        "field": "status",
        "ours": "active",
        "stripes": "unpaid",
    }.items() <= rows[0].items()


def test_an_unreachable_stripe_is_not_mistaken_for_drift(bench: Bench, eleni: Buyer) -> None:
    with bench.fault(status=500):
        with pytest.raises(CommandError) as refusal:
            call_command("reconcile", "--tenant", eleni.order.subdomain, "--fix")
        watch_drift(timestamp=0)
    assert refusal.value.returncode == 2
    assert not Incident.objects.filter(closed_at=None).exists()
    assert eleni.mirrored.gone_at is None


# --- The worker's watch ---------------------------------------------------------------------------


@pytest.fixture
def calm(ground: Ground) -> None:
    """Forget what other tests have left for people to see."""
    Incident.objects.filter(closed_at=None).update(closed_at=timezone.now())


@pytest.mark.usefixtures("calm")
def test_drift_that_stands_is_logged_and_mailed_once_until_it_is_over(
    eleni: Buyer, caplog: pytest.LogCaptureFixture
) -> None:
    eleni.move("unpaid")
    with override_settings(OPS_ALERT_EMAILS=["ops@staff.example", "boss@staff.example"]):
        lines = [each.line for each in reconcile.differences(tenant=eleni.tenant)]
        for _hour in range(3):
            confirm_drift(lines=lines)
    assert any(
        record.levelname == "ERROR" and "drift" in record.getMessage() for record in caplog.records
    )
    incident = Incident.objects.get(kind=drift.KIND, closed_at=None)
    assert incident.lines == lines
    mails = OutgoingMail.objects.filter(kind=drift.KIND, key__startswith=f"{incident.pk}:")
    assert sorted(mails.values_list("to", flat=True)) == ["boss@staff.example", "ops@staff.example"]
    content = drift.compose(mails[0])
    assert content is not None
    assert content.context["lines"] == lines

    repair.repair(reconcile.differences(tenant=eleni.tenant))
    confirm_drift(lines=lines)
    assert not Incident.objects.filter(kind=drift.KIND, closed_at=None).exists()
    assert drift.compose(mails[0]) is None


@pytest.mark.usefixtures("calm")
def test_what_was_only_on_its_way_is_no_drift(eleni: Buyer) -> None:
    eleni.move("unpaid")
    lines = [each.line for each in reconcile.differences(tenant=eleni.tenant)]
    repair.repair(reconcile.differences(tenant=eleni.tenant))  # as the late events would
    confirm_drift(lines=lines)
    assert not Incident.objects.filter(kind=drift.KIND, closed_at=None).exists()


# --- What never arrived ---------------------------------------------------------------------------


def test_missed_events_are_fetched_once_and_handled(bench: Bench, eleni: Buyer) -> None:
    eleni.move("unpaid")
    first = missed.fetch()
    assert len(first.new) >= 2
    again = missed.fetch()
    assert again.new == []
    assert again.known >= len(first.new)
    bench.handle_all()
    assert eleni.tenant.status == "suspended"
    assert set(StripeEvent.objects.filter(pk__in=first.new).values_list("status", flat=True)) <= {
        "processed",
        "ignored",
    }


def test_a_fetch_gives_a_failed_event_no_second_life(bench: Bench, eleni: Buyer) -> None:
    eleni.move("unpaid")
    [event_id, *_rest] = missed.fetch().new
    StripeEvent.objects.filter(pk=event_id).update(status="failed", processed_at=timezone.now())
    missed.fetch()
    assert StripeEvent.objects.get(pk=event_id).status == "failed"


def test_more_missed_events_than_one_page_holds_are_all_fetched(bench: Bench) -> None:
    bench.hold_deliveries()
    for number in range(120):
        bench.control("events", {"type": "plan.created", "object": {"id": f"x_{number}"}})
    assert len(missed.fetch().new) >= 120


def test_older_events_than_stripe_keeps_are_not_asked_for(bench: Bench, eleni: Buyer) -> None:
    eleni.move("unpaid")
    later = timezone.now() + missed.KEPT + timedelta(minutes=1)
    assert missed.fetch(now=later).new == []


def test_an_operator_fetches_by_command(
    bench: Bench, eleni: Buyer, capsys: pytest.CaptureFixture[str]
) -> None:
    eleni.move("paused")
    call_command("stripe_events", "fetch-missed")
    told = capsys.readouterr().out
    assert "stored evt_" in told
    assert "known already" in told
    with bench.fault(status=500), pytest.raises(CommandError, match="Stripe"):
        call_command("stripe_events", "fetch-missed")
