"""When a payment is late, since when, and who hears of it: by invoice, by a slow debit, by a card."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import access
from billing.models import Invoice
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import Owner, StripeInside, Subscriber, sent, subscriber

A_MINUTE = timedelta(minutes=1)


def by_invoice(stripe_inside: StripeInside, tenant: Tenant) -> Subscriber:
    return subscriber(
        stripe_inside, tenant, card="", collection_method="send_invoice", days_until_due=30
    )


def fresh(tenant: Tenant) -> Tenant:
    with in_public():
        found: Tenant = Tenant.objects.get(pk=tenant.pk)
        return found


def promised(kind: str) -> int:
    with in_public():
        return OutgoingMail.objects.filter(kind=kind).count()


@pytest.mark.parametrize("language", ["en", "el"])
def test_an_invoice_that_was_due_yesterday_is_late_since_yesterday(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    """Case 2."""
    owner = Owner(tenant, language=language)
    stripe_inside.set_clock(-31)
    bought = by_invoice(stripe_inside, tenant)
    stripe_inside.set_clock(0)
    assert "invoice.overdue" in stripe_inside.deliver()
    row = bought.mirrored
    assert row.status == "past_due"
    assert row.past_due_since is not None
    assert abs(timezone.now() - timedelta(days=1) - row.past_due_since) < A_MINUTE
    with in_public():
        access.review_due()
    assert fresh(tenant).suspended_at is None
    shown = owner.get()
    [notice] = shown["notices"]
    assert notice["situation"] == "invoice_late"
    assert shown["payment_problem"]["due_at"] is not None
    assert notice["detail"] in owner.page()
    assert (promised("suspended"), promised("payment_failed")) == (0, 0)
    [mail] = sent("payment_overdue")
    assert ("€49 " in mail) == (language == "en")
    stripe_inside.deliver()
    assert promised("payment_overdue") == 1

    invoice = bought.at_stripe["latest_invoice"]
    stripe_inside.post(f"invoices/{invoice}/pay", paid_out_of_band=True)
    stripe_inside.deliver()
    assert (bought.mirrored.status, owner.get()["notices"]) == ("active", [])


def test_the_grace_of_a_sent_invoice_ends_fourteen_days_after_its_day(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    stripe_inside.set_clock(-45)
    bought = by_invoice(stripe_inside, tenant)
    stripe_inside.set_clock(-0.01)
    stripe_inside.deliver()
    assert bought.mirrored.status == "past_due"
    assert fresh(tenant).suspended_at is not None, "15 days late"


def test_a_debit_that_fails_after_three_weeks_is_late_since_then(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    """Case 3."""
    owner = Owner(tenant)
    stripe_inside.set_clock(-51)
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.set_clock(-20.5)
    stripe_inside.happen(bought.subscription_id, "slow-renewal")
    stripe_inside.deliver()
    assert bought.mirrored.status == "active"
    stripe_inside.set_clock(0)
    stripe_inside.happen(bought.subscription_id, "failed-payment")
    stripe_inside.deliver()
    with in_public():
        invoice = Invoice.objects.get(pk=bought.at_stripe["latest_invoice"])
        access.review_due()
    assert invoice.created_at is not None
    assert timezone.now() - invoice.created_at > timedelta(days=20)
    row = bought.mirrored
    assert row.past_due_since is not None
    assert timezone.now() - row.past_due_since < A_MINUTE
    assert fresh(tenant).suspended_at is None
    [notice] = owner.get()["notices"]
    assert notice["situation"] == "charge_late"
    assert (promised("payment_failed"), promised("suspended")) == (1, 0)


def test_a_second_late_invoice_does_not_begin_the_grace_anew(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    stripe_inside.set_clock(-40)
    bought = by_invoice(stripe_inside, tenant)
    stripe_inside.set_clock(-5)
    stripe_inside.deliver()
    first = bought.mirrored.past_due_since
    stripe_inside.set_clock(0)
    stripe_inside.happen(bought.subscription_id, "failed-payment")
    stripe_inside.deliver()
    assert bought.mirrored.past_due_since == first


def incidents_of(kind: str) -> list[Incident]:
    with in_public():
        return list(Incident.objects.filter(kind=kind, closed_at=None))


def test_an_invoice_that_stripe_can_not_finish_is_told_to_staff_until_it_is_finished(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "failed-finalization")
    for _time in range(2):
        stripe_inside.deliver()
    [incident] = incidents_of("invoice_stuck")
    assert tenant.name in incident.lines[0]
    assert fresh(tenant).suspended_at is None
    stripe_inside.post(f"invoices/{incident.subject}/pay")
    stripe_inside.deliver()
    assert incidents_of("invoice_stuck") == []


def test_a_refund_that_does_not_arrive_is_told_to_staff(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "refund")
    stripe_inside.deliver()
    with in_public():
        [payment] = tenant.payment_set.all()
    assert payment.amount_refunded == 4900
    stripe_inside.happen(bought.subscription_id, "failed-refund")
    assert stripe_inside.deliver() == ["refund.failed"]
    [incident] = incidents_of("refund_failed")
    assert "€49" in incident.lines[0]
    with in_public():
        payment.refresh_from_db()
    assert payment.amount_refunded == 0, "the money is with us again"


def test_a_warning_of_fraud_is_told_to_staff_once(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "fraud-warning")
    assert stripe_inside.deliver() == ["radar.early_fraud_warning.created"]
    [incident] = incidents_of("fraud_warning")
    assert tenant.name in incident.lines[0]
    assert fresh(tenant).suspended_at is None, "people decide that"


def test_a_customers_balance_is_noted(stripe_inside: StripeInside, tenant: Tenant) -> None:
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.post(f"customers/{bought.customer_id}", balance=-2500)
    assert stripe_inside.deliver() == ["customer.updated"]
    with in_public():
        customer = tenant.customers.get()
    assert (customer.credit, customer.balance) == (2500, -2500)
    assert Owner(tenant).get()["credit"] == 2500


def test_who_cancels_while_a_debit_is_under_way_reads_that_it_comes(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    owner = Owner(tenant)
    stripe_inside.set_clock(-5)
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "slow-renewal")
    stripe_inside.deliver()
    assert owner.get()["payment_problem"] is None
    stripe_inside.post(f"subscriptions/{bought.subscription_id}", cancel_at_period_end=True)
    stripe_inside.deliver()
    assert promised("payment_failed") == 0, "nobody knows yet"
    [mail] = sent("cancelled")
    [notice] = owner.get()["notices"]
    assert notice["situation"] == "owed_under_way"
    assert notice["detail"].startswith("A debit of €49 is under way.")
    assert notice["detail"] in mail
    assert "Settle the payment" not in mail, "it would be paid twice"
    stripe_inside.happen(bought.subscription_id, "failed-payment")
    stripe_inside.deliver()
    assert owner.get()["payment_problem"]["amount_due"] == 4900
    assert promised("payment_failed") == 1


def test_who_cancels_with_a_sent_invoice_that_is_not_due_yet_reads_that_it_is_to_be_paid(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    owner = Owner(tenant)
    stripe_inside.set_clock(-3)
    bought = by_invoice(stripe_inside, tenant)
    assert owner.get()["payment_problem"] is None
    stripe_inside.post(f"subscriptions/{bought.subscription_id}", cancel_at_period_end=True)
    stripe_inside.deliver()
    [mail] = sent("cancelled")
    assert "An invoice of €49 is still open and to be paid." in mail
    [notice] = owner.get()["notices"]
    assert notice["situation"] == "owed"
