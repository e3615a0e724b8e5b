"""SEPA debits: days under way without a call too many, failed, and paid after all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from billing import checkout, delayed_payments, purchases, reconcile, tasks
from billing.models import Subscription
from public_apps.core import clock
from public_apps.core.models import SweepTurn
from public_apps.monitoring.models import Incident
from public_apps.onboarding import subdomains
from public_apps.onboarding.models import Signup, Stage
from tests.unit.billing.buying import fresh, pay, start, wish
from tests.unit.stripe_inside import Document, Refused, StripeInside


@pytest.fixture
def debited(stripe_inside: StripeInside) -> Signup:
    """A sign-up whose SEPA debit is under way, as its event has told us."""
    signup = start(wish())
    pay(stripe_inside, signup, "async_pending")
    stripe_inside.deliver()
    return fresh(signup)


def let_pass(signup: Signup, time: timedelta) -> None:
    """Let everything that was written down about a sign-up be so much older."""
    row = Signup.objects.get(pk=signup.pk)
    names = ("created_at", "session_expires_at", "pending_at", "look_again_at", "failed_at")
    for name in names:
        if getattr(row, name):
            setattr(row, name, getattr(row, name) - time)
    row.save()


def fail(stripe: StripeInside, signup: Signup) -> Document:
    """Let the debit fail, and hear of it."""
    session = pay(stripe, signup, "declined")
    stripe.deliver()
    return session


def pay_invoice(stripe: StripeInside, session: Document) -> None:
    """Pay the open invoice on its own page at Stripe."""
    stripe.post(f"invoices/{session['invoice']}/pay")


def test_a_debit_of_two_weeks_costs_a_few_calls_rather_than_one_each_20_seconds(
    stripe_inside: StripeInside, debited: Signup, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    answer = stripe_inside.answer

    def counting(request: Any) -> Any:
        asked.append(f"{request.method} {request.path_url}")
        return answer(request)

    monkeypatch.setattr(stripe_inside, "answer", counting)
    let_pass(debited, timedelta(hours=1, minutes=2))
    passed = timedelta(0)
    looks = 0
    while passed < timedelta(days=14):
        if checkout.unpaid().filter(pk=debited.pk).exists():
            tasks.settle_signup(signup_id=str(debited.pk))
            looks += 1
        # What the sweep would do 20 seconds later, and ever after until the next look: nothing.
        assert not checkout.unpaid().filter(pk=debited.pk).exists()
        ahead = fresh(debited).look_again_at
        assert ahead is not None
        step = ahead - clock.now() + timedelta(seconds=1)
        let_pass(debited, step)
        passed += step
    assert 20 <= looks <= 50
    assert len(asked) == 2 * looks  # the session, and its invoice
    assert fresh(debited).stage is Stage.AWAITING_PAYMENT
    assert not SweepTurn.objects.filter(sweep="unpaid_signups", failures__gt=0).exists()


def test_a_debit_that_arrives_opens_the_workspace(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    assert debited.pending_at
    assert debited.subscription_id
    pay(stripe_inside, debited, "paid")
    stripe_inside.deliver()
    assert fresh(debited).stage is Stage.READY


def test_of_a_lost_event_the_next_look_learns_that_the_debit_failed(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    pay(stripe_inside, debited, "declined")
    stripe_inside.events()  # nobody delivers them
    let_pass(debited, timedelta(days=2))
    tasks.settle_signup(signup_id=str(debited.pk))
    failed = fresh(debited)
    assert failed.stage is Stage.FAILED
    assert subdomains.availability(debited.subdomain).available


def test_case_5_an_invoice_that_is_paid_days_after_the_debit_failed_opens_the_workspace(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    session = fail(stripe_inside, debited)
    assert fresh(debited).stage is Stage.FAILED
    assert subdomains.availability(debited.subdomain).available
    let_pass(debited, timedelta(days=3))
    pay_invoice(stripe_inside, session)
    stripe_inside.deliver()
    opened = fresh(debited)
    assert (opened.stage, opened.failed_at, opened.failure) == (Stage.READY, None, "")
    assert opened.subdomain == debited.subdomain
    assert opened.tenant is not None
    subscription = Subscription.objects.get(pk=session["subscription"])
    assert (subscription.tenant, subscription.status) == (opened.tenant, "active")
    assert not Incident.objects.filter(kind="paid_late").exists()


def test_who_pays_late_and_lost_the_name_gets_a_near_one_and_staff_hear_of_it(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    session = fail(stripe_inside, debited)
    other = start(wish(subdomain=debited.subdomain))
    pay(stripe_inside, other)
    pay_invoice(stripe_inside, session)
    stripe_inside.deliver()
    late, quick = fresh(debited), fresh(other)
    assert (late.stage, quick.stage) == (Stage.READY, Stage.READY)
    assert {late.subdomain, quick.subdomain} == {debited.subdomain, f"{debited.subdomain}-2"}
    told = Incident.objects.get(kind="paid_late", subject=str(debited.pk))
    assert debited.subdomain in told.lines[0]


def test_money_for_a_subscription_that_has_ended_goes_back_once_and_staff_are_told(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    session = fail(stripe_inside, debited)
    stripe_inside.delete(f"subscriptions/{session['subscription']}")
    pay_invoice(stripe_inside, session)
    stripe_inside.deliver()
    late = fresh(debited)
    assert (late.tenant, late.stage) == (None, Stage.FAILED)
    assert late.refunded_at
    told = Incident.objects.get(kind="paid_late", subject=str(debited.pk))
    assert "was given back" in told.lines[0]
    assert "€49 " in told.lines[0]
    checkout.settle_session(session_id=str(debited.checkout_session_id))  # as often as one likes
    (refund,) = stripe_inside.get("refunds")["data"]
    assert refund["amount"] == 4900


def test_what_nobody_pays_for_two_weeks_is_ended_at_stripe_and_its_name_stays_free(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    session = fail(stripe_inside, debited)
    let_pass(debited, timedelta(days=13))
    assert purchases.NEVER_PAID.run() == 0
    let_pass(debited, timedelta(days=2))
    assert purchases.NEVER_PAID.run() == 1
    assert stripe_inside.get(f"subscriptions/{session['subscription']}")["status"] == "canceled"
    assert stripe_inside.get(f"invoices/{session['invoice']}")["status"] == "void"
    with pytest.raises(Refused):
        pay_invoice(stripe_inside, session)
    stripe_inside.deliver()
    ended = fresh(debited)
    assert (ended.tenant, ended.stage) == (None, Stage.FAILED)
    assert ended.ended_at
    assert subdomains.availability(debited.subdomain).available
    assert purchases.NEVER_PAID.run() == 0


def test_what_is_paid_just_before_it_would_be_ended_is_opened_instead(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    session = fail(stripe_inside, debited)
    let_pass(debited, timedelta(days=15))
    pay_invoice(stripe_inside, session)  # its event is still on its way
    assert purchases.NEVER_PAID.run() == 1
    assert fresh(debited).stage is Stage.READY
    assert stripe_inside.get(f"subscriptions/{session['subscription']}")["status"] == "active"


def test_reconcile_is_quiet_about_a_debit_and_repairs_one_whose_money_came(
    stripe_inside: StripeInside, debited: Signup, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reconcile.differences() == []
    session = fail(stripe_inside, debited)
    assert reconcile.differences() == []
    pay_invoice(stripe_inside, session)
    stripe_inside.events()  # lost, all of them
    (found,) = [each for each in reconcile.differences() if each.kind == "unclaimed"]
    assert found.object_id == session["subscription"]
    call_command("reconcile", "--fix")
    assert "All repaired." in capsys.readouterr().out
    assert fresh(debited).stage is Stage.READY


def test_reconcile_says_of_what_it_could_not_do_that_it_did_nothing(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    """A subscription that names a sign-up of ours, and that no session of ours leads to."""
    customer = stripe_inside.customer()
    price = stripe_inside.get("prices", limit=1)["data"][0]["id"]
    made = stripe_inside.subscribe(
        price, customer=customer["id"], metadata={"signup_id": "of-another-system"}
    )
    with pytest.raises(SystemExit):
        call_command("reconcile", "--fix")
    said = capsys.readouterr().out
    assert f"nothing done: unclaimed {made['id']}" in said
    assert "It was bought in no session" in said
    assert "All repaired" not in said


def test_a_payment_that_is_tried_again_is_not_ended(
    stripe_inside: StripeInside, debited: Signup
) -> None:
    """Only what Stripe calls failed is; here the event said so, and the debit goes on."""
    checkout.settle_failed_payment(session_id=str(debited.checkout_session_id))
    let_pass(debited, timedelta(days=15))
    purchases.NEVER_PAID.run()
    assert fresh(debited).ended_at is None
    assert delayed_payments.is_awaited(str(debited.subscription_id))
