"""Bought by a Payment Link or in the Dashboard: staff hear of it, and open a workspace by a click."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from billing import checkout, manual_mode, outside_purchases, reconcile
from billing.models import EventStatus, StripeEvent, Subscription
from public_apps.audit.models import Entry
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public
from public_apps.monitoring import incidents
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup, Source
from public_apps.tenants.models import Tenant
from tests.unit.billing.buying import fresh, pay, start, wish
from tests.unit.billing.test_documents_shown import colleague
from tests.unit.stripe_inside import Document, StripeInside, price_of, subscriber

LIST = "/admin/billing/outsidepurchase/"


def by_link(stripe: StripeInside, email: str = "nikos@unit.example") -> str:
    """Let somebody buy by a Payment Link: a session that names no sign-up; return its subscription."""
    price = price_of("professional").stripe_price_id
    session = stripe.post(
        "checkout/sessions", mode="subscription", success_url="https://shop.example/",
        customer_email=email, line_items=[{"price": price, "quantity": 1}],
    )  # fmt: skip
    done = stripe.control(f"sessions/{session['id']}/complete", {"outcome": "paid"})
    return str(done["subscription"])


def in_dashboard(stripe: StripeInside, price: str = "") -> Document:
    """Make a subscription as staff do in the Dashboard, for a customer whom nobody knows here."""
    customer = stripe.post("customers", email="nikos@unit.example", name="Nikos Pappas")
    card = stripe.post("payment_methods/pm_card_visa/attach", customer=customer["id"])
    stripe.post(
        f"customers/{customer['id']}", invoice_settings={"default_payment_method": card["id"]}
    )
    return stripe.subscribe(
        price or price_of("professional").stripe_price_id, customer=customer["id"]
    )


def told(subscription_id: str) -> Incident | None:
    """Return the open incident about a purchase."""
    found = Incident.objects.filter(kind="bought_at_stripe", closed_at=None)
    return found.filter(subject=subscription_id).first()


def opening(subscription_id: str) -> str:
    return f"{LIST}{subscription_id.replace('_', '_5F')}/open/"


FORM = {
    "organization": "Palm Court", "subdomain": "Palm-Court-9", "email": "nikos@unit.example",
    "first_name": "Nikos", "last_name": "Pappas", "language": "el", "tax_id": "",
}  # fmt: skip


@pytest.mark.parametrize("order", ["as it happened", "the other way round"])
def test_a_purchase_by_link_is_told_whichever_event_comes_first(
    stripe_inside: StripeInside, order: str
) -> None:
    subscription_id = by_link(stripe_inside)
    events = [each for each in stripe_inside.events() if "." in each["type"]]
    for event in events if order == "as it happened" else events[::-1]:
        if event["type"] in {"checkout.session.completed", "customer.subscription.created"}:
            stripe_inside.post_event(event)
            stripe_inside.deliver()
            assert told(subscription_id)
            assert StripeEvent.objects.get(pk=event["id"]).status == EventStatus.PROCESSED
    incident = told(subscription_id)
    assert incident is not None
    assert "€49" in incident.lines[0]
    assert Incident.objects.filter(kind="bought_at_stripe").count() == 1
    assert not Signup.objects.filter(subscription_id=subscription_id).exists()


def test_a_purchase_on_our_site_and_one_of_foreign_prices_are_none(
    stripe_inside: StripeInside,
) -> None:
    signup = start(wish())
    pay(stripe_inside, signup)
    foreign = in_dashboard(stripe_inside, stripe_inside.price(900)["id"])
    stripe_inside.deliver()
    assert fresh(signup).tenant
    assert not Incident.objects.filter(kind="bought_at_stripe").exists()
    assert not outside_purchases.all_of_them().exists()
    assert Subscription.objects.get(pk=foreign["id"]).plan is None


def test_a_session_of_foreign_prices_stays_ignored(stripe_inside: StripeInside) -> None:
    session = stripe_inside.post(
        "checkout/sessions", mode="subscription", success_url="https://shop.example/",
        line_items=[{"price": stripe_inside.price(900)["id"], "quantity": 1}],
    )  # fmt: skip
    stripe_inside.control(f"sessions/{session['id']}/complete", {"outcome": "paid"})
    stripe_inside.deliver()
    event = StripeEvent.objects.get(type="checkout.session.completed")
    assert event.status == EventStatus.IGNORED
    assert not Incident.objects.filter(kind="bought_at_stripe").exists()


def test_one_click_opens_the_workspace_that_was_bought(stripe_inside: StripeInside) -> None:
    bought = in_dashboard(stripe_inside)
    stripe_inside.deliver()
    with in_public():
        desk = colleague(group="operator")
        assert bought["id"] in desk.get(LIST).content.decode()
        form = desk.get(opening(bought["id"])).content.decode()
        for known in ("Nikos Pappas", "nikos-pappas", "nikos@unit.example"):
            assert f'value="{known}"' in form
        answer = desk.post(opening(bought["id"]), FORM)
        assert answer.status_code == 302, answer.content.decode()
        again = desk.post(opening(bought["id"]), FORM)  # a second click
        assert again["Location"] == answer["Location"]
        signup = Signup.objects.get(subscription_id=bought["id"])
        assert (signup.source, signup.plan, signup.interval) == (
            Source.STRIPE,
            "professional",
            "month",
        )
        assert (signup.subdomain, signup.language) == ("palm-court-9", "el")
        assert signup.ready_at
        tenant = signup.tenant
        assert tenant is not None
        subscription = Subscription.objects.get(pk=bought["id"])
        assert subscription.tenant == tenant
        assert (
            OutgoingMail.objects.filter(kind="welcome", key__startswith=str(signup.pk)).count() == 1
        )
        assert told(bought["id"]) is None
        entry = Entry.objects.filter(action="tenant.opened").latest("pk")
        assert entry.detail["subscription"] == bought["id"]
        assert str(tenant) in desk.get(LIST).content.decode()
    stripe_inside.happen(bought["id"], "cancellation")
    stripe_inside.deliver()
    tenant.refresh_from_db()
    assert tenant.suspended_at  # its subscription decides from then on


def test_a_crash_in_the_middle_is_gone_on_from(stripe_inside: StripeInside) -> None:
    bought = in_dashboard(stripe_inside)
    stripe_inside.deliver()
    with in_public():
        signup = manual_mode.sign_up_for(
            manual_mode.Opening(
                organization="Palm", subdomain="palm-77", email="nikos@unit.example",
                first_name="Nikos", last_name="Pappas", plan="professional",
            ),
            source=Source.STRIPE, subscription_id=bought["id"], interval="month",
        )  # fmt: skip
        checkout.settle_signup(signup_id=signup.pk)
        assert Subscription.objects.get(pk=bought["id"]).tenant == fresh(signup).tenant


def test_only_who_may_open_workspaces_may_open_this_one(stripe_inside: StripeInside) -> None:
    bought = in_dashboard(stripe_inside)
    stripe_inside.deliver()
    with in_public():
        for group in ("support", "finance"):
            desk: Client = colleague(group=group)
            assert bought["id"] in desk.get(LIST).content.decode()
            assert desk.get(opening(bought["id"])).status_code == 403
            assert desk.post(opening(bought["id"]), FORM).status_code == 403
        assert colleague().get(LIST).status_code == 403
        assert not Signup.objects.filter(subscription_id=bought["id"]).exists()


def test_who_links_the_customer_to_a_workspace_ends_the_incident(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = in_dashboard(stripe_inside)
    stripe_inside.deliver()
    with in_public():
        assert told(bought["id"])
        manual_mode.link_customer(
            tenant=tenant, customer_id=bought["customer"], by="anna@x.example"
        )
        assert told(bought["id"]) is None


def test_an_incident_that_staff_have_closed_is_not_opened_by_the_next_event(
    stripe_inside: StripeInside,
) -> None:
    bought = in_dashboard(stripe_inside)
    stripe_inside.deliver()
    incident = told(bought["id"])
    assert incident is not None
    incidents.close(incident)
    stripe_inside.happen(bought["id"], "failed-payment")
    stripe_inside.deliver()
    assert told(bought["id"]) is None
    assert outside_purchases.is_waiting(bought["id"])  # it stays on the list


def test_of_lost_events_reconcile_learns(
    stripe_inside: StripeInside, capsys: pytest.CaptureFixture[str]
) -> None:
    bought = in_dashboard(stripe_inside)
    stripe_inside.events()  # nobody delivers them
    (found,) = reconcile.differences()
    assert "bought at Stripe" in found.line
    call_command("reconcile", "--fix")
    assert "All repaired." in capsys.readouterr().out
    assert told(bought["id"])


def test_an_owner_who_subscribes_is_no_stranger(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    subscriber(stripe_inside, tenant)
    assert not Incident.objects.filter(kind="bought_at_stripe").exists()
