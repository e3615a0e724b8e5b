"""What owners are told by mail: each occurrence once, and nothing that is no longer true."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.test import override_settings
from django.utils import timezone

from billing import access, inbox
from billing.models import Invoice
from billing.tasks import handle_event
from devstack import mailbox
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import suspension
from public_apps.tenants.models import Tenant
from tests.billing.stripe_stack import Customer, StripeStack, at_once
from tests.customer import until

KINDS = (
    "trial_ending", "payment_failed", "action_required", "suspended", "back_again", "cancelled",
)  # fmt: skip


def promised(customer: Customer) -> dict[str, int]:
    """Count the mails of each kind that the owner was promised, the welcome mail aside."""
    counts = {kind: customer.mails(kind) for kind in KINDS}
    return {kind: count for kind, count in counts.items() if count}


def delivered(stripe_stack: StripeStack, customer: Customer, *, number: int) -> list[EmailMessage]:
    """Send what is promised to the owner, and return what has arrived so far, oldest first."""
    address, folder = customer.order.email, stripe_stack.web_stack.stack.mail_dir
    due = OutgoingMail.objects.waiting().filter(to=address).exclude(kind="welcome")
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend"):
        for outgoing in due.order_by("pk"):
            mail.send(mail_id=outgoing.pk)
    assert not due.exists()
    until(lambda: len(mailbox.mails_to(address, folder=folder)) >= number)
    return mailbox.mails_to(address, folder=folder)


def speak_greek(customer: Customer) -> None:
    """Let the owner read Greek."""
    with inside(customer.tenant.schema_name):
        User.objects.filter(email=customer.order.email).update(language="el")


def ring(stripe_stack: StripeStack, event_type: str, object_id: str) -> None:
    """Let Stripe tell of something once more, under another event id, and handle it."""
    stripe_stack.control("events", {"type": event_type, "object_id": object_id})
    stripe_stack.handle_all()


def bank_will_ask(customer: Customer) -> None:
    """Let the customer pay from now on with a card whose bank wants every payment confirmed."""
    card = customer.stripe_stack.post(
        "payment_methods/pm_card_authenticationRequired/attach", customer=customer.customer_id
    )
    path = f"subscriptions/{customer.subscription_id}"
    customer.stripe_stack.post(path, default_payment_method=card["id"])


# --- One for each occurrence ----------------------------------------------------------------------


def test_a_healthy_customer_gets_no_mail(stripe_stack: StripeStack) -> None:
    assert promised(stripe_stack.buy()) == {}


def test_the_end_of_a_trial_is_told_once_and_again_when_it_moved(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy("trial")
    for _ in range(3):
        ring(stripe_stack, "customer.subscription.trial_will_end", eleni.subscription_id)
    assert promised(eleni) == {"trial_ending": 1}
    later = int((timezone.now() + timedelta(days=30)).timestamp())
    stripe_stack.post(f"subscriptions/{eleni.subscription_id}", trial_end=later)
    ring(stripe_stack, "customer.subscription.trial_will_end", eleni.subscription_id)
    assert promised(eleni) == {"trial_ending": 2}


def test_each_failed_try_is_told_once_however_often_it_is_heard(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    eleni.move("past_due")
    stripe_stack.handle_all()
    invoice = eleni.at_stripe["latest_invoice"]
    for _ in range(3):
        ring(stripe_stack, "invoice.payment_failed", invoice)
    assert promised(eleni) == {"payment_failed": 1}
    eleni.move("past_due")  # the next try fails, too
    stripe_stack.handle_all()
    assert promised(eleni) == {"payment_failed": 2}


def test_many_workers_at_once_promise_one_mail(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    eleni.move("past_due")
    stripe_stack.arrived()
    invoice = eleni.at_stripe["latest_invoice"]
    for _ in range(6):
        stripe_stack.control("events", {"type": "invoice.payment_failed", "object_id": invoice})
    stripe_stack.arrived()
    at_once(4, event_ids=[event.pk for event in inbox.due()])
    assert promised(eleni) == {"payment_failed": 1}


def test_a_bank_that_asks_is_told_once_and_not_as_a_failure_too(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    bank_will_ask(eleni)
    eleni.move("past_due")
    stripe_stack.handle_all()
    invoice = eleni.at_stripe["latest_invoice"]
    for event_type in ("invoice.payment_action_required", "invoice.payment_failed"):
        ring(stripe_stack, event_type, invoice)
    assert promised(eleni) == {"action_required": 1}
    assert Invoice.objects.get(pk=invoice).bank_asks


def test_a_cancellation_on_the_spot_is_told_whole_in_one_mail(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    stripe_stack.delete(f"subscriptions/{eleni.subscription_id}")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"
    assert promised(eleni) == {"cancelled": 1}
    text = mailbox.plain_text(delivered(stripe_stack, eleni, number=1)[0])
    for told in ("ended on", "Nothing more is charged", "paused now", "data until"):
        assert told in text
    assert "Until then" not in text


def test_suspension_and_return_are_told_each_time_they_happen(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    for round_ in (1, 2):
        eleni.move("paused")
        stripe_stack.handle_all()
        eleni.move("active")
        stripe_stack.handle_all()
        assert promised(eleni) == {"suspended": round_, "back_again": round_}


def test_the_clock_and_staff_suspend_with_a_word_too(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    eleni.move("past_due")
    stripe_stack.handle_all()
    ends = eleni.tenant.access_review_at
    access.review_due(now=ends)
    access.review_due(now=ends)
    assert promised(eleni)["suspended"] == 1
    birch = stripe_stack.buy()
    suspension.hold(tenant=birch.tenant, reason="asked to", by="staff@example.org")
    access.resume(tenant=birch.tenant, by="staff@example.org")
    assert promised(birch) == {"suspended": 1, "back_again": 1}


def test_a_cancellation_is_told_once_and_not_again_when_it_is_taken_back(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    path = f"subscriptions/{eleni.subscription_id}"
    stripe_stack.post(path, cancel_at_period_end="true")
    stripe_stack.handle_all()
    ring(stripe_stack, "customer.subscription.updated", eleni.subscription_id)
    assert promised(eleni) == {"cancelled": 1}
    stripe_stack.post(path, cancel_at_period_end="false")
    stripe_stack.handle_all()
    assert promised(eleni) == {"cancelled": 1}


@pytest.mark.parametrize("backwards", [False, True])
def test_events_in_any_order_promise_the_same(stripe_stack: StripeStack, backwards: bool) -> None:
    eleni = stripe_stack.buy()
    eleni.move("past_due")
    stripe_stack.arrived()
    for event_id in sorted((event.pk for event in inbox.due()), reverse=backwards):
        handle_event(event_id=event_id)
    assert promised(eleni) == {"payment_failed": 1}


def test_a_neighbour_hears_nothing(stripe_stack: StripeStack) -> None:
    eleni, birch = stripe_stack.buy(), stripe_stack.buy()
    eleni.move("canceled")
    stripe_stack.handle_all()
    assert promised(birch) == {}


def test_every_owner_hears_and_nobody_else(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    tenant: Tenant = eleni.tenant
    host = eleni.order.email.partition("@")[2]
    with inside(tenant.schema_name):
        for role in ("owner", "manager", "resident"):
            User.objects.create_user(f"{role}@{host}", role=role)
        User.objects.create_user(f"left@{host}", role="owner", is_active=False)
    eleni.move("paused")
    stripe_stack.handle_all()
    told = OutgoingMail.objects.filter(kind="suspended", to__endswith=host)
    assert set(told.values_list("to", flat=True)) == {eleni.order.email, f"owner@{host}"}


# --- What they say --------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "el"])
def test_the_mails_of_a_life_arrive_in_the_owners_language(
    stripe_stack: StripeStack, language: str
) -> None:
    eleni = stripe_stack.buy("trial", organization="Sunny Court & Sons")
    if language == "el":
        speak_greek(eleni)
    ring(stripe_stack, "customer.subscription.trial_will_end", eleni.subscription_id)
    delivered(stripe_stack, eleni, number=1)
    eleni.move("past_due")
    stripe_stack.handle_all()
    ring(stripe_stack, "invoice.payment_action_required", eleni.at_stripe["latest_invoice"])
    delivered(stripe_stack, eleni, number=3)
    eleni.move("unpaid")
    stripe_stack.handle_all()
    delivered(stripe_stack, eleni, number=4)
    eleni.move("active")
    stripe_stack.handle_all()
    delivered(stripe_stack, eleni, number=5)
    stripe_stack.post(f"subscriptions/{eleni.subscription_id}", cancel_at_period_end="true")
    stripe_stack.handle_all()
    mails = delivered(stripe_stack, eleni, number=6)

    subjects = [str(message["Subject"]) for message in mails]
    assert len(mails) == len(set(subjects)) == 6, subjects
    for message in mails:
        text = mailbox.plain_text(message)
        html = message.get_body(("html",))
        assert html is not None
        for body in (text, html.get_content()):
            # The way on is ours: from there to Stripe's page where an invoice is paid, which ends.
            assert eleni.host in body
            assert stripe_stack.mock_pages not in body
            assert "{{" not in body
            assert "None" not in body
        assert "Sons" in str(message["Subject"])
        assert "&amp;" not in text
        in_greek = any("GREEK" in unicodedata.name(letter, "") for letter in text)
        assert in_greek == (language == "el"), text
    ends = eleni.mirrored.cancel_at
    assert ends is not None
    kept_until = ends + timedelta(days=90)
    assert str(kept_until.year) in mailbox.plain_text(mails[-1])
    assert f" {kept_until.day} " in mailbox.plain_text(mails[-1])


def test_what_is_no_longer_true_is_not_sent(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy("trial")
    ring(stripe_stack, "customer.subscription.trial_will_end", eleni.subscription_id)
    eleni.move("past_due")
    stripe_stack.handle_all()
    ring(stripe_stack, "invoice.payment_action_required", eleni.at_stripe["latest_invoice"])
    eleni.move("unpaid")
    stripe_stack.handle_all()
    eleni.move("active")
    stripe_stack.handle_all()
    path = f"subscriptions/{eleni.subscription_id}"
    stripe_stack.post(path, cancel_at_period_end="true")
    stripe_stack.handle_all()
    stripe_stack.post(path, cancel_at_period_end="false")
    stripe_stack.handle_all()
    assert set(promised(eleni)) == set(KINDS)
    subjects = [str(message["Subject"]) for message in delivered(stripe_stack, eleni, number=1)]
    assert len(subjects) == 1
    assert "open again" in subjects[0]
