"""The database came back from a dump: whoever bought since then is found at Stripe and is here again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from structlog.testing import capture_logs

from billing import archiving, inbox, open_purchase, order_slips, outside_purchases
from billing.manual_mode import Opening
from billing.models import EventStatus, Invoice, Payment, StripeEvent, Subscription
from public_apps.accounts.models import Role, User
from public_apps.core import clock
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public, inside
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup, Source, Stage
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import departures
from tests.unit.billing.buying import fresh, pay, start, wish
from tests.unit.billing.test_outside_purchases import in_dashboard
from tests.unit.stripe_inside import Document, StripeInside, price_of

Lines = list[dict[str, str]]


@contextmanager
def lost() -> Iterator[None]:
    """Take all that is written in the block back at its end, as a dump of before does; not Stripe."""
    dump = transaction.savepoint()
    yield
    transaction.savepoint_rollback(dump)


def recover(
    capsys: pytest.CaptureFixture[str], *, hours: float = 1, exits: int | None = None
) -> Lines:
    """Run `manage.py recover` as an operator would, and return its list."""
    since = (clock.now() - timedelta(hours=hours)).isoformat()
    capsys.readouterr()
    status = 0
    try:
        with in_public():
            call_command("recover", "--since", since, "--json")
    except SystemExit as ended:
        status = int(str(ended.code))
    lines: Lines = json.loads(capsys.readouterr().out)
    if exits is not None:
        assert status == exits, lines
    return lines


def told(lines: Lines, verdict: str) -> list[str]:
    return [f"{line['about']}: {line['told']}" for line in lines if line["verdict"] == verdict]


def buy(stripe: StripeInside, **wishes: str) -> tuple[Signup, Document]:
    """Let somebody buy and have their workspace; return the sign-up and the session."""
    signup = start(wish(**wishes))
    session = pay(stripe, signup)
    stripe.deliver()
    assert fresh(signup).ready_at
    return signup, session


def subscription_of(signup: Signup) -> Subscription:
    with in_public():
        return Subscription.objects.select_related("plan").get(tenant=fresh(signup).tenant)


def plan_of(signup: Signup) -> str:
    """Return the code of the plan that decides what a workspace may do."""
    plan = subscription_of(signup).plan
    return plan.code if plan else ""


def test_who_bought_after_the_dump_has_a_workspace_again_and_nothing_is_done_twice(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, session = buy(stripe_inside, organization="Ηλιόλουστη Αυλή", plan="enterprise")
    assert not Signup.objects.filter(pk=signup.pk).exists()

    lines = recover(capsys, exits=0)

    anew = fresh(signup)
    assert anew.ready_at
    assert anew.tenant is not None
    same = ("organization", "subdomain", "email", "plan", "interval", "language", "source")
    assert {name: getattr(anew, name) for name in same} == {
        name: getattr(signup, name) for name in same
    }
    assert anew.checkout_session_id == session["id"]
    with inside(anew.tenant.schema_name):
        assert User.objects.get(email=signup.email).role == Role.OWNER
    with in_public():
        assert anew.tenant.primary_domain.startswith(f"{signup.subdomain}.")
        mails = OutgoingMail.objects.filter(kind="welcome", key__startswith=f"{signup.pk}:")
        assert mails.count() == 1
        assert Invoice.objects.filter(tenant=anew.tenant, status="paid").count() == 1
        assert Payment.objects.filter(tenant=anew.tenant, status="succeeded").count() == 1
        events = StripeEvent.objects.filter(type="checkout.session.completed")
        assert events.filter(object_id=session["id"]).exists()
    assert any(signup.email in line for line in told(lines, "rebuilt"))

    again = recover(capsys, exits=0)
    assert told(again, "rebuilt") == []
    assert any(session["subscription"] in line for line in told(again, "already there"))
    assert mails.count() == 1


def test_who_bought_before_the_dump_is_left_alone(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    signup, session = buy(stripe_inside)
    before = fresh(signup)
    lines = recover(capsys, exits=0)
    assert told(lines, "rebuilt") == []
    assert [line for line in told(lines, "already there") if session["subscription"] in line]
    assert fresh(signup).ready_at == before.ready_at


def test_what_was_cancelled_or_deleted_since_is_for_a_person_and_opens_nothing(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, session = buy(stripe_inside, organization="Gone Court")
    stripe_inside.delete(f"subscriptions/{session['subscription']}")
    lines = recover(capsys, exits=1)
    (line,) = told(lines, "to decide")
    assert "Gone Court" in line
    assert "canceled" in line
    assert not Signup.objects.filter(pk=signup.pk).exists()


def test_whose_deletion_was_asked_for_since_the_dump_is_for_a_person_to_ask_again(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    signup, _session = buy(stripe_inside)
    tenant = fresh(signup).tenant
    assert tenant is not None
    with in_public():
        with lost():
            departures.request_erasure(tenant=tenant, by="eleni@unit.example")
            archiving.end_subscriptions(tenant=tenant)
        (line,) = told(recover(capsys, exits=1), "to decide")
        assert f"tenant delete {tenant.schema_name}" in line
        departures.request_erasure(tenant=tenant, by="anna@staff.example")
        recover(capsys, exits=0)


def test_who_bought_and_deleted_it_all_after_the_dump_is_let_rest(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, _session = buy(stripe_inside)
        tenant = fresh(signup).tenant
        assert tenant is not None
        with in_public():
            departures.request_erasure(tenant=tenant, by="eleni@unit.example")
            archiving.end_subscriptions(tenant=tenant)
    recover(capsys, exits=0)
    assert not Signup.objects.filter(pk=signup.pk).exists()


def test_a_customer_who_was_deleted_at_stripe_is_for_a_person_too(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        _signup, session = buy(stripe_inside)
    stripe_inside.delete(f"customers/{session['customer']}")
    assert len(told(recover(capsys, exits=1), "to decide")) == 1


def test_a_workspace_of_the_dump_follows_what_happened_at_stripe_since(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    cancelled, _session = buy(stripe_inside)
    changed, session = buy(stripe_inside)
    with lost():
        subscription = stripe_inside.get(f"subscriptions/{session['subscription']}")
        item = subscription["items"]["data"][0]["id"]
        dear = price_of("enterprise").stripe_price_id
        stripe_inside.post(
            f"subscriptions/{subscription['id']}", items=[{"id": item, "price": dear}]
        )
        stripe_inside.delete(f"subscriptions/{subscription_of(cancelled).pk}")
        stripe_inside.deliver()
    assert plan_of(changed) == "professional"

    recover(capsys, exits=0)

    assert plan_of(changed) == "enterprise"
    tenant = fresh(cancelled).tenant
    assert tenant is not None
    assert tenant.suspended_at


def test_a_lost_workspace_has_the_plan_that_is_paid_now(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, session = buy(stripe_inside)
        subscription = stripe_inside.get(f"subscriptions/{session['subscription']}")
        item = subscription["items"]["data"][0]["id"]
        dear = price_of("enterprise").stripe_price_id
        stripe_inside.post(
            f"subscriptions/{subscription['id']}", items=[{"id": item, "price": dear}]
        )
    recover(capsys, exits=0)
    assert plan_of(signup) == "enterprise"


def test_a_sign_up_of_the_dump_that_was_paid_since_is_opened(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    signup = start(wish())
    with lost():
        pay(stripe_inside, signup)
        stripe_inside.deliver()
    assert fresh(signup).stage == Stage.AWAITING_PAYMENT
    lines = recover(capsys, exits=0)
    assert fresh(signup).ready_at
    assert any(signup.email in line for line in told(lines, "rebuilt"))


def test_of_two_who_bought_one_name_the_later_one_has_it_and_a_person_hears_of_the_other(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        earlier, _session = buy(stripe_inside, organization="Early Court", subdomain="sunny-one")
    with lost():
        later, _session = buy(stripe_inside, organization="Late Court", subdomain="sunny-one")
    lines = recover(capsys, exits=1)
    assert fresh(later).subdomain == "sunny-one"
    assert fresh(earlier).subdomain == "sunny-one-2"
    assert fresh(earlier).ready_at
    (line,) = told(lines, "to decide")
    assert "Early Court" in line
    assert "sunny-one-2" in line


def test_a_name_that_was_bought_again_meanwhile_stays_with_who_has_it(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        before, _session = buy(stripe_inside, subdomain="sunny-two")
    since, _session = buy(stripe_inside, subdomain="sunny-two")
    recover(capsys, exits=1)
    assert fresh(since).subdomain == "sunny-two"
    assert fresh(before).subdomain == "sunny-two-2"
    assert fresh(before).tenant != fresh(since).tenant


def test_a_name_that_somebody_is_about_to_buy_is_not_taken_from_them(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        before, _session = buy(stripe_inside, subdomain="sunny-three")
    since = start(wish(subdomain="sunny-three"))
    recover(capsys, exits=1)
    assert fresh(since).subdomain == "sunny-three"
    assert fresh(before).subdomain == "sunny-three-2"
    pay(stripe_inside, since)
    stripe_inside.deliver()
    assert fresh(since).ready_at


def test_a_payment_of_days_that_was_under_way_opens_the_workspace_when_it_comes(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup = start(wish())
        pay(stripe_inside, signup, "async_pending")
        stripe_inside.deliver()
    recover(capsys, exits=0)
    assert fresh(signup).stage == Stage.AWAITING_PAYMENT
    pay(stripe_inside, signup, "paid")
    stripe_inside.deliver()
    assert fresh(signup).ready_at


def test_what_names_no_sign_up_is_for_staff_who_open_it_by_a_click(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        bought = in_dashboard(stripe_inside)
        stripe_inside.deliver()
    lines = recover(capsys, exits=1)
    (line,) = told(lines, "to decide")
    assert bought["id"] in line
    assert "Open a workspace" in line
    assert outside_purchases.all_of_them().filter(pk=bought["id"]).exists()
    assert Incident.objects.filter(kind="bought_at_stripe", subject=bought["id"]).exists()


def test_what_an_earlier_release_sold_is_on_staffs_list_and_opened_by_the_same_click(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, session = buy(stripe_inside)
    for path in (f"subscriptions/{session['subscription']}",):
        stripe_inside.post(path, metadata=dict.fromkeys(("base_domain", *order_slips.SAID), ""))
    (line,) = told(recover(capsys, exits=1), "to decide")
    assert "earlier" in line or "slip" in line
    incident = Incident.objects.get(kind="lost_purchase", closed_at=None)
    assert incident.subject == session["subscription"]
    with in_public():
        purchase = outside_purchases.all_of_them().get(pk=session["subscription"])
        form = open_purchase.wished(purchase)
        assert form["email"] == signup.email
        tenant = open_purchase.open_workspace(
            purchase=purchase, by="anna@staff.example",
            opening=Opening(
                organization="Sunny Court", subdomain=signup.subdomain, email=signup.email,
                first_name="Eleni", last_name="Papadaki", plan="professional",
            ),
        )  # fmt: skip
    incident.refresh_from_db()
    assert incident.closed_at
    assert Subscription.objects.get(pk=session["subscription"]).tenant == tenant
    assert told(recover(capsys, exits=0), "to decide") == []


def test_what_a_copy_of_us_sold_on_the_same_account_is_none_of_ours(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost(), override_settings(TENANT_BASE_DOMAIN="staging.example"):
        signup = start(wish())
        pay(stripe_inside, signup)
    lines = recover(capsys, exits=0)
    assert not Signup.objects.filter(pk=signup.pk).exists()
    assert [line for line in told(lines, "rebuilt") if "events" not in line] == []


def test_a_payment_page_that_was_open_when_the_database_was_lost_can_be_paid(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup = start(wish())
    recover(capsys, exits=0)
    assert fresh(signup).stage == Stage.AWAITING_PAYMENT
    pay(stripe_inside, signup)
    stripe_inside.deliver()
    assert fresh(signup).ready_at


def test_who_left_and_came_back_has_one_workspace_that_is_open(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, session = buy(stripe_inside)
    stripe_inside.delete(f"subscriptions/{session['subscription']}")
    price = price_of("starter").stripe_price_id
    card = stripe_inside.post("payment_methods/pm_card_visa/attach", customer=session["customer"])
    back = {"metadata": {"tenant": "t_nobody"}, "default_payment_method": card["id"]}
    stripe_inside.subscribe(price, customer=session["customer"], **back)
    recover(capsys, exits=0)
    tenant = fresh(signup).tenant
    assert tenant is not None
    assert tenant.status == "active"
    assert Subscription.objects.filter(tenant=tenant).count() == 2


def test_a_session_that_stripe_has_forgotten_hinders_nothing(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, session = buy(stripe_inside)
    with stripe_inside.store.change() as change:
        change.remove("checkout.session", session["id"])
    recover(capsys, exits=0)
    assert fresh(signup).ready_at
    assert fresh(signup).source == Source.STRIPE
    assert subscription_of(signup).status == "active"


def test_one_that_fails_hinders_no_other_and_is_told(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        well, _session = buy(stripe_inside)
        ill, session = buy(stripe_inside)
    long = {"language": "much-too-long"}
    stripe_inside.post(f"subscriptions/{session['subscription']}", metadata=long)
    (line,) = told(recover(capsys, exits=2), "failed")
    assert session["customer"] in line
    assert fresh(well).ready_at
    assert not Signup.objects.filter(pk=ill.pk).exists()
    stripe_inside.post(f"subscriptions/{session['subscription']}", metadata={"language": "el"})
    recover(capsys, exits=0)
    assert fresh(ill).ready_at


def test_a_stripe_that_does_not_answer_ends_it_in_words_and_another_run_goes_on(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, _session = buy(stripe_inside)
    stripe_inside.control("faults", {"status": 500})
    (line,) = told(recover(capsys, exits=2), "failed")
    assert "run it again" in line
    stripe_inside.faults.clear()
    recover(capsys, exits=0)
    assert fresh(signup).ready_at


def test_until_then_resent_events_and_reconcile_say_what_to_do_and_not_that_it_is_done(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, session = buy(stripe_inside)
    (event,) = stripe_inside.get("events", type="checkout.session.completed")["data"]
    stripe_inside.post_event(event)
    stripe_inside.deliver()
    row = StripeEvent.objects.get(pk=event["id"])
    assert row.status == EventStatus.IGNORED
    assert "recover --since" in row.error
    with capture_logs() as logged, pytest.raises(SystemExit), in_public():
        call_command("reconcile", "--fix")
    said = capsys.readouterr().out
    assert "nothing done" in said
    assert "recover --since" in said
    assert "All repaired" not in said
    about = [each for each in logged if session["subscription"] in each.get("difference", "")]
    assert {each["event"] for each in about} == {"nothing done", "drift not repaired"}
    recover(capsys, exits=0)
    assert fresh(signup).ready_at
    with in_public():
        inbox.retry(event=row)
        stripe_inside.deliver()
    row.refresh_from_db()
    assert row.status == EventStatus.PROCESSED


def test_a_key_that_may_not_read_events_hinders_nothing_else(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, _session = buy(stripe_inside)
    stripe_inside.control("faults", {"status": 403, "path": "/v1/events"})
    (line,) = told(recover(capsys, exits=2), "failed")
    assert line.startswith("events: KeyRestricted")
    assert fresh(signup).ready_at
    tenant = fresh(signup).tenant
    assert Invoice.objects.filter(tenant=tenant, status="paid").exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("yesterday", "is no time such as"),
        ("2026-13-45", "is no time"),
        ("2999-01-01", "is yet to come"),
    ],
)
def test_a_time_that_is_none_is_refused_by_its_name(typed: str, said: str, db: None) -> None:
    with pytest.raises(CommandError, match=f"^--since: .*{said}"):
        call_command("recover", "--since", typed)


def test_in_manual_mode_stripe_is_left_alone(db: None, settings: Any) -> None:
    settings.STRIPE = replace(settings.STRIPE, mode="manual")
    with pytest.raises(CommandError, match="Manual mode"):
        call_command("recover", "--since", "2026-01-01")


def test_the_list_is_told_line_by_line_with_a_sum(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    with lost():
        signup, _session = buy(stripe_inside)
    capsys.readouterr()
    with in_public():
        call_command("recover", "--since", "2026-01-01")
    *lines, total = capsys.readouterr().out.splitlines()
    assert any(line.startswith("rebuilt") and signup.email in line for line in lines)
    assert total.endswith("0 to decide, 0 failed")
    assert Tenant.objects.filter(owner_email=signup.email).count() == 1
