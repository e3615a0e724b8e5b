"""The billing contact, and an owner's new address: where mails about money go, Stripe's as well."""

from __future__ import annotations

import pytest
import requests
from procrastinate.contrib.django.models import ProcrastinateJob

from billing import contacts, gateway, tasks
from billing.models import BillingContact, Customer
from public_apps.accounts.members import actions as members
from public_apps.accounts.models import User
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public, inside
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import URL, Owner, StripeInside, Subscriber, subscriber

BOOKS = "books@accountants.example"


@pytest.fixture
def bought(stripe_inside: StripeInside, tenant: Tenant) -> Subscriber:
    """A workspace that pays at Stripe."""
    return subscriber(stripe_inside, tenant)


@pytest.fixture
def owner(bought: Subscriber) -> Owner:
    return Owner(bought.tenant)


def work(bought: Subscriber) -> None:
    """Let a worker do the job that waits."""
    with in_public():
        lock = f"contact:{bought.customer_id}"
        (job,) = ProcrastinateJob.objects.filter(queueing_lock=lock, status="todo")
        assert job.args["customer_id"] == bought.customer_id
        ProcrastinateJob.objects.filter(pk=job.pk).update(status="doing")
        try:
            tasks.tell_contact(customer_id=bought.customer_id)
        finally:
            ProcrastinateJob.objects.filter(pk=job.pk).update(status="succeeded")


def at_stripe(bought: Subscriber) -> str:
    return str(bought.stripe.get(f"customers/{bought.customer_id}")["email"])


def customer(bought: Subscriber) -> Customer:
    with in_public():
        return Customer.objects.get(pk=bought.customer_id)


def moves_to(owner: Owner, tenant: Tenant, address: str) -> None:
    """Let an owner have confirmed another address."""
    with inside(tenant.schema_name):
        User.objects.exclude(pk=owner.user.pk).filter(role="owner").update(is_active=False)
        owner.user.email = address
        owner.user.save(update_fields=["email"])
        members.note_new_address(owner.user)


def test_a_contact_is_named_reaches_stripe_and_is_taken_back(
    bought: Subscriber, owner: Owner
) -> None:
    moves_to(owner, bought.tenant, "eleni@new.example")
    work(bought)
    answer = owner.post("contact", {"email": BOOKS.upper(), "name": "Anna"})
    assert answer.status_code == 200, answer.content
    named = answer.json()["billing_contact"]
    assert (named["email"].lower(), named["name"]) == (BOOKS, "Anna")
    work(bought)
    assert at_stripe(bought).lower() == BOOKS
    assert customer(bought).contact_due_at is None
    assert owner.post("contact", {"email": ""}).json()["billing_contact"] is None
    work(bought)
    assert at_stripe(bought) == "eleni@new.example"


def test_an_owners_new_address_reaches_stripe_unless_a_contact_is_named(
    bought: Subscriber, owner: Owner
) -> None:
    moves_to(owner, bought.tenant, "first@new.example")
    work(bought)
    assert at_stripe(bought) == "first@new.example"
    with in_public():
        contacts.name(tenant=bought.tenant, email=BOOKS)
    work(bought)
    moves_to(owner, bought.tenant, "second@new.example")
    work(bought)
    assert at_stripe(bought) == BOOKS


def test_while_stripe_is_away_it_is_tried_again_until_it_is_told(bought: Subscriber) -> None:
    bought.stripe.control("faults", {"status": 503, "path": "/v1/customers"})
    with in_public():
        contacts.name(tenant=bought.tenant, email=BOOKS)
    with pytest.raises(gateway.StripeUnavailable):
        work(bought)
    assert customer(bought).contact_due_at
    with in_public():
        assert contacts.due().filter(pk=bought.customer_id).exists()
        contacts.enqueue(customer(bought))  # as the sweep does when its wait is over
        assert not contacts.due().filter(pk=bought.customer_id).exists()
    bought.stripe.answer(requests.Request("DELETE", f"{URL}/_control/faults").prepare())
    work(bought)
    assert at_stripe(bought) == BOOKS
    assert customer(bought).contact_due_at is None


def test_of_a_customer_who_is_gone_nothing_comes(bought: Subscriber) -> None:
    bought.stripe.delete(f"customers/{bought.customer_id}")
    with in_public():
        contacts.name(tenant=bought.tenant, email=BOOKS)
    work(bought)
    gone = customer(bought)
    assert (gone.contact_due_at, bool(gone.gone_at)) == (None, True)
    with in_public():
        assert not contacts.due().exists()


def test_mails_about_money_go_to_the_contact_beside_the_owners_once_each(
    bought: Subscriber, owner: Owner
) -> None:
    with in_public():
        contacts.name(tenant=bought.tenant, email=BOOKS)
    bought.stripe.happen(bought.subscription_id, "failed-payment")
    bought.stripe.deliver()
    with in_public():
        promised = OutgoingMail.objects.filter(kind="payment_failed")
        readers = sorted(promised.values_list("to", flat=True))
        assert readers.count(BOOKS) == 1
        assert owner.user.email in readers
        contacts.name(tenant=bought.tenant, email=owner.user.email.upper())
    bought.stripe.happen(bought.subscription_id, "cancellation")
    bought.stripe.deliver()
    with in_public():
        told = OutgoingMail.objects.filter(kind="cancelled").values_list("to", flat=True)
        assert [each.lower() for each in told].count(owner.user.email) == 1


@pytest.mark.parametrize("typed", ["no address", "a@b", "x" * 300 + "@unit.example"])
def test_what_is_no_address_is_refused_by_field(
    bought: Subscriber, owner: Owner, typed: str
) -> None:
    answer = owner.post("contact", {"email": typed})
    assert answer.status_code == 400
    assert "email" in answer.json()["errors"]
    page = owner.send("/billing/contact/", email=typed, name="", key="k1")
    assert 'class="notice error"' in page
    with in_public():
        assert not BillingContact.objects.exists()


def test_the_page_names_and_shows_the_contact(bought: Subscriber, owner: Owner) -> None:
    page = owner.send("/billing/contact/", email=BOOKS, name="Anna <b>", key="k2")
    assert f'value="{BOOKS}"' in page
    assert "Anna &lt;b&gt;" in page
    with in_public():
        assert contacts.of(bought.tenant)
