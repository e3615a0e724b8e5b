"""A payment page whose place another has taken: its end moves nothing, its payment is not lost."""

from __future__ import annotations

from billing import checkout, checkout_sessions
from public_apps.onboarding import subdomains
from public_apps.onboarding.models import Signup
from tests.billing.stripe_stack import Customer, StripeStack


def with_a_page_besides(customer: Customer) -> str:
    """Open another page for a sign-up that does not know of it afterwards; return its session's id."""
    signup = customer.signup
    price = checkout.price_of(customer.order)
    checkout_sessions.open_for(signup, price, key=f"besides-{signup.pk}")
    besides = str(signup.checkout_session_id)
    Signup.objects.filter(pk=signup.pk).update(checkout_session_id=customer.session_id)
    return besides


def pay(stripe_stack: StripeStack, session_id: str) -> None:
    """Let somebody pay at a page, and handle what follows."""
    stripe_stack.control(f"sessions/{session_id}/complete", {"outcome": "paid"})
    stripe_stack.handle_all()


def test_a_page_that_is_not_known_any_more_may_end(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.check_out()
    besides = with_a_page_besides(eleni)
    stripe_stack.post(f"checkout/sessions/{besides}/expire")
    stripe_stack.handle_all()
    assert eleni.signup.released_at is None


def test_news_of_an_end_that_arrive_while_another_page_is_opened_free_no_name(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.check_out()
    read_before = eleni.signup
    Signup.objects.filter(pk=read_before.pk).update(checkout_session_id=with_a_page_besides(eleni))
    subdomains.release(signup=read_before)
    assert read_before.released_at is None


def test_a_payment_that_should_not_have_been_possible_opens_the_workspace(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.check_out()
    besides = with_a_page_besides(eleni)
    signup_id = eleni.signup.pk
    pay(stripe_stack, besides)
    signup = Signup.objects.get(pk=signup_id)
    assert signup.ready_at
    assert signup.checkout_session_id == besides


def test_a_second_payment_changes_nothing_and_is_left_to_staff(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.check_out()
    besides = with_a_page_besides(eleni)
    pay(stripe_stack, eleni.session_id)
    tenant = eleni.tenant
    pay(stripe_stack, besides)
    assert eleni.tenant == tenant
    assert eleni.signup.checkout_session_id == eleni.session_id
