"""Manual mode: staff open and record by hand; nobody else can, by any door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from billing import access, manual_mode
from billing.models import Customer, ManualPayment
from public_apps.core import errors
from public_apps.core.models import OutgoingMail
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import AccessChange, Tenant
from tests.billing.by_hand import ANNA, now_of, opened, opening, pay
from tests.billing.stripe_stack import StripeStack, lead_of
from tests.core.web_stack import Workspace as Built
from tests.core.web_stack import person_of

NOW = timezone.now()


# --- Workspaces -----------------------------------------------------------------------------------


def test_a_workspace_opened_by_hand_is_like_a_bought_one(stripe_stack: StripeStack) -> None:
    wanted = opening(stripe_stack, plan="starter", language="el")
    tenant = manual_mode.open_tenant(opening=wanted, by=ANNA)
    signup = Signup.objects.get(tenant=tenant)
    assert (signup.source, signup.checkout_session_id, signup.plan) == ("manual", None, "starter")
    assert signup.paid_at is not None
    assert signup.ready_at is not None
    assert now_of(tenant) == "active"
    mail = OutgoingMail.objects.get(kind="welcome", to=wanted.email)
    assert mail.language == "el"
    owner = person_of(Built(tenant=tenant, host=tenant.primary_domain, owner=wanted.email))
    assert (owner.role, owner.has_usable_password()) == ("owner", False)
    answer = stripe_stack.http_client().ask("GET", "/accounts/login/", host=tenant.primary_domain)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [("subdomain", "www"), ("subdomain", "a b"), ("email", "nobody"), ("plan", "gold"),
     ("organization", "  ")],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_field(
    stripe_stack: StripeStack, field: str, value: str
) -> None:
    before = Tenant.objects.filter(claimed_at__isnull=False).count()
    with pytest.raises(errors.Invalid) as refusal:
        opened(stripe_stack, **{field: value})
    assert set(refusal.value.errors) == {field}
    assert Tenant.objects.filter(claimed_at__isnull=False).count() == before


def test_a_name_that_is_taken_or_held_is_refused(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    buying = stripe_stack.check_out()
    for label in (eleni.order.subdomain, buying.order.subdomain):
        with pytest.raises(errors.Conflict):
            opened(stripe_stack, subdomain=label)


def test_a_wish_from_a_closed_shop_becomes_one_workspace_however_often_it_is_clicked(
    stripe_stack: StripeStack,
) -> None:
    order = stripe_stack.order()
    lead = lead_of(order)

    def click(_number: int) -> int:
        try:
            return int(manual_mode.open_for_lead(lead=lead, by=ANNA).pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=4) as staff:
        assert len(set(staff.map(click, range(4)))) == 1
    assert OutgoingMail.objects.filter(kind="welcome", to=order.email).count() == 1
    assert Signup.objects.filter(email=order.email).count() == 1


def test_an_opening_that_broke_off_is_finished_by_the_sweep(stripe_stack: StripeStack) -> None:
    from billing import checkout

    tenant = opened(stripe_stack)
    signup = Signup.objects.get(tenant=tenant)
    long_ago = timezone.now() - timedelta(hours=1)
    Signup.objects.filter(pk=signup.pk).update(
        ready_at=None, address_at=None, owner_at=None, paid_at=long_ago
    )
    assert signup in checkout.unfinished()
    checkout.settle_signup(signup_id=signup.pk)
    assert Signup.objects.get(pk=signup.pk).ready_at is not None


# --- Payments -------------------------------------------------------------------------------------


def test_a_payment_opens_at_once_and_its_end_closes(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    until = timezone.now() + timedelta(days=30)
    pay(tenant, until)
    assert now_of(tenant) == "active"
    assert Tenant.objects.get(pk=tenant.pk).access_review_at == until
    access.review_due(now=until - timedelta(seconds=1))
    assert now_of(tenant) == "active"
    access.review_due(now=until)
    assert now_of(tenant) == "suspended"
    pay(tenant, until + timedelta(days=30), "transfer 2")
    assert now_of(tenant) == "active"
    history = AccessChange.objects.filter(tenant=tenant).order_by("pk")
    assert list(history.values_list("suspended", "cause")) == [
        (True, access.BY_CLOCK),
        (False, ANNA),
    ]


def test_a_payment_opens_a_workspace_whose_subscription_had_ended(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    eleni.move("canceled")
    stripe_stack.handle_all()
    assert now_of(eleni.tenant) == "suspended"
    pay(eleni.tenant, timezone.now() + timedelta(days=30))
    assert now_of(eleni.tenant) == "active"


def test_the_same_transfer_typed_in_twice_is_one_payment(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    pay(tenant, timezone.now() + timedelta(days=30))
    with pytest.raises(errors.Conflict):
        pay(tenant, timezone.now() + timedelta(days=60))
    assert ManualPayment.objects.get(tenant=tenant).amount == 4900


def test_an_earlier_payment_recorded_later_takes_nothing_away(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    pay(tenant, timezone.now() + timedelta(days=30))
    pay(tenant, timezone.now() - timedelta(days=30), "forgotten one")
    assert now_of(tenant) == "active"


def test_a_mistake_is_put_right_by_a_second_record_and_history_stays(
    stripe_stack: StripeStack,
) -> None:
    tenant = opened(stripe_stack)
    wrong = pay(tenant, timezone.now() + timedelta(days=3650))
    right = manual_mode.correct_payment(
        payment=wrong, amount=0, reference="paid back", paid_until=None, by=ANNA
    )
    assert now_of(tenant) == "suspended"
    kept = ManualPayment.objects.get(pk=wrong.pk)
    assert (kept.amount, kept.paid_until) == (4900, wrong.paid_until)
    with pytest.raises(errors.Conflict):
        manual_mode.correct_payment(
            payment=wrong, amount=1, reference="again", paid_until=None, by=ANNA
        )
    manual_mode.correct_payment(
        payment=right,
        amount=4900,
        reference="it was right after all",
        paid_until=timezone.now() + timedelta(days=5),
        by=ANNA,
    )
    assert now_of(tenant) == "active"


def test_a_payment_that_is_not_money_is_refused_by_the_database(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    with pytest.raises(IntegrityError), transaction.atomic():
        ManualPayment.objects.create(
            tenant=tenant, amount=-1, reference="x", paid_until=NOW, recorded_by=ANNA
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        ManualPayment.objects.create(
            tenant=tenant, amount=1, reference="y", paid_until=None, recorded_by=ANNA
        )


# --- Back to Stripe -------------------------------------------------------------------------------


def test_going_back_to_stripe_links_the_two(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    until = timezone.now() + timedelta(days=1)
    pay(tenant, until)
    stripe_stack.hold_deliveries()
    paying = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{paying.session_id}/complete", {"outcome": "paid"})

    count = manual_mode.link_customer(tenant=tenant, customer_id=paying.customer_id, by=ANNA)

    assert count == 1
    assert paying.mirrored.tenant == tenant
    access.review_due(now=until)
    assert now_of(tenant) == "active"
    paying.move("unpaid")
    access.sync_subscription(subscription_id=paying.subscription_id)
    assert now_of(tenant) == "active"  # until tomorrow: paid by hand
    access.review(tenant_id=tenant.pk, cause="test", now=until)
    assert now_of(tenant) == "suspended"


def test_a_customer_that_stripe_does_not_know_is_not_linked(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    gone = stripe_stack.buy()
    stripe_stack.delete(f"customers/{gone.customer_id}")
    for customer_id in ("cus_nobody", gone.customer_id):
        with pytest.raises(errors.Invalid):
            manual_mode.link_customer(tenant=tenant, customer_id=customer_id, by=ANNA)
    assert not Customer.objects.filter(tenant=tenant).exists()


def test_a_customer_of_another_tenant_is_not_linked(stripe_stack: StripeStack) -> None:
    tenant, eleni = opened(stripe_stack), stripe_stack.buy()
    with pytest.raises(errors.Conflict):
        manual_mode.link_customer(tenant=tenant, customer_id=eleni.customer_id, by=ANNA)
    assert eleni.mirrored.tenant == eleni.tenant


def test_a_silent_stripe_links_nobody(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    with stripe_stack.fault(status=500), pytest.raises(errors.UpstreamFailed):
        manual_mode.link_customer(tenant=tenant, customer_id="cus_any", by=ANNA)
    assert not Customer.objects.filter(tenant=tenant).exists()


def test_a_stripe_that_falls_silent_halfway_is_asked_again(stripe_stack: StripeStack) -> None:
    tenant = opened(stripe_stack)
    stripe_stack.hold_deliveries()
    paying = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{paying.session_id}/complete", {"outcome": "paid"})
    with (
        stripe_stack.fault(status=500, path="/v1/subscriptions/"),
        pytest.raises(errors.UpstreamFailed),
    ):
        manual_mode.link_customer(tenant=tenant, customer_id=paying.customer_id, by=ANNA)
    assert manual_mode.link_customer(tenant=tenant, customer_id=paying.customer_id, by=ANNA) == 1
    assert paying.mirrored.tenant == tenant
