"""A year of a monthly subscription, moved by one of Stripe's test clocks, with a card that fails once.

As in `docs/operations.md`, "Trying it with Stripe's test clocks": the purchase is made as usual, and
then its customer is given a clock. Everything comes to us by Stripe's events.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing import access, mails, reconcile
from billing.documents import month
from billing.documents.month import Month
from billing.models import Invoice, Payment
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import AccessChange, Tenant
from tests.unit.stripe_inside import Document, Owner, StripeInside, Subscriber, sent, subscriber

MONTHS, FAILS_IN = 12, 5
PROFESSIONAL = 4_900
CLOCKS = "test_helpers/test_clocks"


@dataclass
class Year:
    """A subscriber whose time is a clock's."""

    stripe: StripeInside
    bought: Subscriber
    clock: Document

    def to_next_month(self) -> Document:
        """Go an hour past the end of the period, hear of it, and return its invoice at Stripe."""
        [item] = self.bought.at_stripe["items"]["data"]
        self.clock = self.stripe.advance(self.clock["id"], item["current_period_end"] + 3600)
        assert self.clock["status"] == "ready"
        self.stripe.deliver()
        latest = self.bought.at_stripe["latest_invoice"]
        return self.stripe.get(f"invoices/{latest}")

    def use_card(self, card: str) -> None:
        """Let the owner's bank give another card."""
        customer = self.bought.customer_id
        made = self.stripe.post(f"payment_methods/{card}/attach", customer=customer)
        kept = {"default_payment_method": made["id"]}
        self.stripe.post(f"customers/{customer}", invoice_settings=kept)


def mailed() -> Counter[str]:
    """Count by kind what owners were promised about money."""
    with in_public():
        kinds = OutgoingMail.objects.filter(kind__in=mails.KINDS).values_list("kind", flat=True)
        return Counter(kinds)


def is_mirrored(year: Year, invoice: Document) -> None:
    """See that we hold the subscription and its newest invoice as Stripe shows them, at its time."""
    row, there = year.bought.mirrored, year.bought.at_stripe
    [item] = there["items"]["data"]
    assert row.status == there["status"]
    assert row.current_period_end is not None
    assert row.current_period_end.timestamp() == item["current_period_end"]
    with in_public():
        held = Invoice.objects.get(pk=invoice["id"])
    assert (held.status, held.number, held.total) == (
        invoice["status"], invoice["number"], PROFESSIONAL,
    )  # fmt: skip
    assert held.issued_at is not None
    assert held.issued_at.timestamp() == invoice["created"]
    assert invoice["created"] == item["current_period_start"]


def documented(invoice: Document) -> list[tuple[str, int | None]]:
    """Return what an accountant finds of an invoice in the month of its (simulated) day."""
    on = datetime.fromtimestamp(invoice["created"], UTC).astimezone(month.zone())
    with in_public():
        found = month.entries(Month(year=on.year, number=on.month))
    return [(each.kind, each.total) for each in found if each.reference == invoice["id"]]


def test_a_year_in_which_a_card_fails_once_is_told_and_documented_month_by_month(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    owner = Owner(tenant)
    bought = subscriber(stripe_inside, tenant)
    clock = stripe_inside.post(
        CLOCKS, frozen_time=stripe_inside.now + 60, customer=bought.customer_id
    )
    year = Year(stripe_inside, bought, clock)
    for number in range(1, MONTHS + 1):
        if number == FAILS_IN:
            _fails_and_is_paid(year, owner)
            continue
        invoice = year.to_next_month()
        assert invoice["status"] == "paid", number
        is_mirrored(year, invoice)
        assert documented(invoice) == [("invoice", PROFESSIONAL)]
        assert owner.get()["status"] == "active"
    assert mailed() == {"payment_failed": 1}
    with in_public():
        assert not AccessChange.objects.filter(tenant=tenant).exists()
        assert [each.line for each in reconcile.differences(tenant=tenant)] == []
        # Lists of everybody leave it out, so it is asked for by its id.
        assert [each.line for each in reconcile.differences()] == []
        assert Invoice.objects.filter(tenant=tenant, status="paid").count() == MONTHS + 1
        paid = Payment.objects.filter(tenant=tenant, status="succeeded")
        assert sum(each.amount for each in paid) == (MONTHS + 1) * PROFESSIONAL
    ended = stripe_inside.delete(f"{CLOCKS}/{clock['id']}")
    assert ended["deleted"] is True
    stripe_inside.deliver()
    assert bought.mirrored.status == "canceled"
    assert AccessChange.objects.filter(tenant=tenant, suspended=True).exists()


def _fails_and_is_paid(year: Year, owner: Owner) -> None:
    """Let the card fail: it is told once, the workspace stays open, and another card makes it good."""
    year.use_card("pm_card_chargeCustomerFail")
    invoice = year.to_next_month()
    assert (invoice["status"], invoice["attempt_count"]) == ("open", 1)
    is_mirrored(year, invoice)
    shown = owner.get()
    assert shown["status"] == "past_due"
    assert [each["situation"] for each in shown["notices"]] == ["charge_late"]
    [mail] = sent("payment_failed")
    assert "49" in mail
    assert documented(invoice) == [("invoice", PROFESSIONAL)]
    # We count the days of grace in real time: whatever the clock says, they begin now.
    since = year.bought.mirrored.past_due_since
    assert since is not None
    assert since < datetime.now(UTC) + timedelta(minutes=1)
    with in_public():
        access.review_due()
    year.use_card("pm_card_visa")
    year.stripe.post(f"invoices/{invoice['id']}/pay")
    year.stripe.deliver()
    paid = year.stripe.get(f"invoices/{invoice['id']}")
    assert paid["status_transitions"]["paid_at"] == year.clock["frozen_time"]
    is_mirrored(year, paid)
    shown = owner.get()
    assert (shown["status"], shown["notices"]) == ("active", [])
    assert sent("payment_failed") == []
