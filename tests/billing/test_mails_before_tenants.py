"""What happened before we learned whose it was is told by mail once we know, and once only."""

from __future__ import annotations

from billing import inbox
from billing.models import Plan, StripeEvent
from billing.tasks import handle_event
from public_apps.core.models import OutgoingMail
from tests.billing.stripe_stack import Customer, StripeStack
from tests.billing.test_mails import bank_will_ask, promised
from tests.customer import until


def handle_all_but_the_purchase(stripe_stack: StripeStack, customer: Customer) -> None:
    """Handle what has arrived, except the event by which we learn whose it is."""
    stripe_stack.arrived()
    bought = StripeEvent.objects.get(type="checkout.session.completed")
    for event in inbox.due().exclude(pk=bought.pk):
        handle_event(event_id=event.pk)
    assert not OutgoingMail.objects.filter(to=customer.order.email).exists()


def test_what_failed_before_its_tenant_was_known_is_told_once_it_is(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": "paid"})
    eleni.move("past_due")
    handle_all_but_the_purchase(stripe_stack, eleni)
    stripe_stack.handle_all()
    assert promised(eleni) == {"payment_failed": 1}


def test_a_bank_that_asked_before_the_tenant_was_known_is_told_of_once_it_is(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": "paid"})
    bank_will_ask(eleni)
    eleni.move("past_due")
    handle_all_but_the_purchase(stripe_stack, eleni)
    stripe_stack.handle_all()
    assert promised(eleni) == {"action_required": 1}


def test_a_trial_that_ends_soon_is_told_of_although_its_event_came_before_the_tenant(
    stripe_stack: StripeStack,
) -> None:
    Plan.objects.filter(code="starter").update(trial_days=2)
    try:
        eleni = stripe_stack.check_out(plan="starter")
    finally:
        Plan.objects.filter(code="starter").update(trial_days=14)
    stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": "trial"})
    until(lambda: StripeEvent.objects.filter(type="customer.subscription.trial_will_end").exists())
    handle_all_but_the_purchase(stripe_stack, eleni)
    stripe_stack.handle_all()
    assert promised(eleni) == {"trial_ending": 1}
