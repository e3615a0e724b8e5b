"""Money that goes back: refunds and disputes show on the payment, and staff hear of disputes."""

from __future__ import annotations

import pytest
from django.test import override_settings
from django.utils import timezone

from billing.models import Payment, StripeEvent
from devstack import mailbox
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from tests.billing.stripe_stack import Customer, StripeStack
from tests.customer import until

OPS = "ops@staff.example"


def charge_of(customer: Customer) -> str:
    """Return the charge that paid the first invoice."""
    charges = customer.stripe_stack.get("charges", customer=customer.customer_id)["data"]
    return str(charges[0]["id"])


def payment_of(customer: Customer) -> Payment:
    """Return the customer's payment as we have it."""
    return Payment.objects.get(customer_id=customer.customer_id)


def outcome_of(event_type: str) -> tuple[str, str]:
    """Return what became of the newest event of a type, and why."""
    event = StripeEvent.objects.filter(type=event_type).latest("received_at")
    return event.status, event.error


def test_a_refund_shows_on_the_payment_in_part_and_in_whole(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    assert payment_of(eleni).amount_refunded == 0
    for amount, given_back in ((1000, 1000), (3900, 4900)):
        stripe_stack.post("refunds", charge=charge_of(eleni), amount=amount)
        stripe_stack.handle_all()
        assert payment_of(eleni).amount_refunded == given_back
    assert eleni.tenant.status == "active"
    event = StripeEvent.objects.filter(type="charge.refunded").latest("received_at")
    assert (event.status, event.tenant) == ("processed", eleni.tenant)


@override_settings(OPS_ALERT_EMAILS=[OPS])
def test_a_dispute_is_told_to_staff_once_and_changes_no_access(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    stripe_stack.control(f"charges/{charge_of(eleni)}/dispute", {})
    stripe_stack.handle_all()
    payment = payment_of(eleni)
    assert payment.dispute_status == "needs_response"
    assert payment.dispute_due_by is not None
    assert payment.dispute_due_by > timezone.now()
    assert eleni.tenant.status == "active"
    event = StripeEvent.objects.get(type="charge.dispute.created")
    dispute = event.payload["data"]["object"]["id"]
    stripe_stack.control("events", {"type": "charge.dispute.created", "object_id": dispute})
    stripe_stack.handle_all()

    told = OutgoingMail.objects.get(kind="dispute", key__startswith=payment.pk)
    mail.send(mail_id=told.pk)
    folder = stripe_stack.web_stack.stack.mail_dir
    text = mailbox.plain_text(until(lambda: mailbox.mails_to(OPS, folder=folder))[-1])
    assert payment.pk in text
    assert "49" in text
    assert f" {payment.dispute_due_by.day} " in text


@override_settings(OPS_ALERT_EMAILS=[OPS])
@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_the_end_of_a_dispute_is_told_and_an_unsent_word_of_its_beginning_is_not(
    stripe_stack: StripeStack, outcome: str
) -> None:
    eleni = stripe_stack.buy()
    stripe_stack.control(f"charges/{charge_of(eleni)}/dispute", {})
    stripe_stack.handle_all()
    stripe_stack.control(f"charges/{charge_of(eleni)}/dispute", {"status": outcome})
    stripe_stack.handle_all()
    payment = payment_of(eleni)
    assert payment.dispute_status == outcome
    folder = stripe_stack.web_stack.stack.mail_dir
    before = len(mailbox.mails_to(OPS, folder=folder))
    for told in OutgoingMail.objects.filter(kind="dispute", key__startswith=payment.pk):
        mail.send(mail_id=told.pk)
    [said] = until(lambda: mailbox.mails_to(OPS, folder=folder)[before:])
    assert outcome in mailbox.plain_text(said)


@pytest.mark.parametrize(
    ("event_type", "rendered"),
    [
        ("charge.refunded", {"object": "charge"}),
        ("charge.refunded", {"id": "ch_never", "object": "charge"}),
        ("charge.dispute.created", {"id": "du_any", "object": "dispute"}),
        ("charge.dispute.created", {"id": "du_any", "object": "dispute", "charge": "ch_never"}),
    ],
)
def test_what_belongs_to_no_payment_is_ignored_with_the_reason(
    stripe_stack: StripeStack, event_type: str, rendered: dict[str, str]
) -> None:
    stripe_stack.control("events", {"type": event_type, "object": rendered})
    stripe_stack.handle_all()
    status, reason = outcome_of(event_type)
    assert status == "ignored"
    assert "charge" in reason
