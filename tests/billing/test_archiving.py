"""Archiving: the subscription ends first, or nothing happens; the commands that do it."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from billing import archiving, manual_mode
from billing.models import ManualPayment
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant
from tests.billing.by_hand import ANNA, now_of, opened
from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import Workspace as Built
from tests.core.web_stack import person_of


def test_archiving_ends_the_subscription_first_and_keeps_the_data(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    host = eleni.host
    archiving.archive(tenant=eleni.tenant, by=ANNA)
    assert eleni.at_stripe["status"] == "canceled"
    assert now_of(eleni.tenant) == "archived"
    owner = person_of(Built(tenant=eleni.tenant, host=host, owner=eleni.order.email))
    assert owner.email == eleni.order.email
    stripe_stack.handle_all()
    archiving.archive(tenant=eleni.tenant, by=ANNA)
    assert eleni.mirrored.status == "canceled"
    assert stripe_stack.http_client().ask("GET", "/", host=host).status_code == 404


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"drop_connection": True}])
def test_archiving_refuses_and_changes_nothing_when_stripe_cannot_be_asked(
    stripe_stack: StripeStack, fault: dict[str, object]
) -> None:
    eleni = stripe_stack.buy()
    with stripe_stack.fault(**fault), pytest.raises(archiving.NotArchived):
        archiving.archive(tenant=eleni.tenant, by=ANNA)
    assert (now_of(eleni.tenant), eleni.at_stripe["status"]) == ("active", "active")


def test_in_manual_mode_a_live_subscription_is_not_archived_and_none_is(
    stripe_stack: StripeStack,
) -> None:
    eleni, by_hand = stripe_stack.buy(), opened(stripe_stack)
    with override_settings(STRIPE=dataclasses.replace(settings.STRIPE, mode="manual")):
        with pytest.raises(archiving.NotArchived):
            archiving.archive(tenant=eleni.tenant, by=ANNA)
        archiving.archive(tenant=by_hand, by=ANNA)
    assert (now_of(eleni.tenant), now_of(by_hand)) == ("active", "archived")


# --- The commands ---------------------------------------------------------------------------------


def test_an_operator_creates_and_archives_by_command(
    stripe_stack: StripeStack, capsys: pytest.CaptureFixture[str]
) -> None:
    order = stripe_stack.order()
    wanted = ("--organization", order.organization, "--email", order.email,
              "--first-name", "Eleni", "--last-name", "Papadaki", "--plan", "starter")  # fmt: skip
    call_command("tenant", "create", "--subdomain", order.subdomain, *wanted,
                 "--paid-until", "2026-12-31", "--amount", "4900",
                 "--reference", "transfer 9")  # fmt: skip
    tenant = Tenant.objects.get(owner_email=order.email)
    assert tenant.schema_name in capsys.readouterr().out
    assert tenant.access_review_at == manual_mode.end_of(date(2026, 12, 31))
    payment = ManualPayment.objects.get(tenant=tenant)
    assert (payment.amount, payment.currency, payment.reference) == (4900, "eur", "transfer 9")
    with pytest.raises(CommandError, match="taken"):
        call_command("tenant", "create", "--subdomain", order.subdomain, *wanted)
    call_command("tenant", "archive", order.subdomain)
    assert now_of(tenant) == "archived"


@pytest.mark.parametrize(
    ("payment", "said"),
    [
        (["--paid-until", "2026-12-31"], "--amount and --reference"),
        (["--amount", "4900", "--reference", "transfer 9"], "--paid-until"),
        (["--paid-until", "soon", "--amount", "0", "--reference", "a gift"], "day"),
        (["--paid-until", "2026-12-31", "--amount", "-1", "--reference", "x"], "at least 0"),
    ],
)
def test_half_a_payment_creates_nothing(
    stripe_stack: StripeStack, payment: list[str], said: str
) -> None:
    order = stripe_stack.order()
    with pytest.raises(CommandError, match=said):
        call_command("tenant", "create", "--organization", "Sunny Court", "--email", order.email,
                     "--subdomain", order.subdomain, "--first-name", "Eleni",
                     "--last-name", "Papadaki", *payment)  # fmt: skip
    assert not Signup.objects.filter(subdomain=order.subdomain).exists()
    assert not Tenant.objects.filter(owner_email=order.email).exists()


def test_the_archive_command_says_why_it_refuses(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    with stripe_stack.fault(status=500), pytest.raises(CommandError, match="Stripe"):
        call_command("tenant", "archive", eleni.order.subdomain)
    assert now_of(eleni.tenant) == "active"
