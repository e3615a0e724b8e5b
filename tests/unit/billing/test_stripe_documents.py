"""What Stripe's documents say, as we keep it: tax, buyer, credit notes, refunds; and fresh links."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from billing import checkout_sessions, document_backfill, gateway, plans, reconcile, repair
from billing.checkout import Order
from billing.documents import fresh_links, stripe_documents
from billing.models import CreditNote, Invoice, Payment, Price, Refund
from public_apps.core import errors
from public_apps.onboarding.signup import sign_up
from staff.doctor.tax import examine_tax
from tests.unit import stripe_purchases
from tests.unit.billing.documents import unit_court
from tests.unit.stripe_purchases import Document, Stripe

stripe = stripe_purchases.stripe
PAGE = {
    **stripe_purchases.AUTOMATIC,
    "automatic_tax[enabled]": "true",
}


@pytest.fixture
def taxed(stripe: Stripe) -> Iterator[Stripe]:
    """Stripe, with Stripe Tax on and prices that do not hold it."""
    with by_stripe("exclusive"):
        plans.push()
        yield stripe


def by_stripe(behavior: str) -> Any:
    """Return settings that let Stripe Tax work."""
    tax = dataclasses.replace(settings.TAX, automatic=True, behavior=behavior)
    return override_settings(TAX=tax)


def price() -> Price:
    """Return the price of 49.00 a month."""
    found: Price = Price.objects.get(plan__code="professional", interval="month")
    return found


def bought(stripe: Stripe, **typed: str) -> Invoice:
    """Return the first invoice of a subscription of the unit's workspace, as we have it."""
    session = stripe.buy(price().stripe_price_id, unit_court(), **{**PAGE, **typed})
    found: Invoice = Invoice.objects.get(pk=session["invoice"])
    return found


def signup(**wishes: str) -> Any:
    """Return somebody's sign-up."""
    wanted = {
        "organization": "Sunny Court", "subdomain": "sunny-tax", "email": "eleni@sunny.example",
        "first_name": "Eleni", "last_name": "Papadaki", "plan": "professional",
        "interval": "month", **wishes,
    }  # fmt: skip
    return sign_up(wish=Order(**wanted), language="el", interval="month")


def session_of(stripe: Stripe, row: Any) -> Document:
    """Open a payment page for a sign-up, and return it."""
    checkout_sessions.open_for(row, price(), key=f"test-{row.pk}")
    return stripe.get(f"checkout/sessions/{row.checkout_session_id}")


# --- Checkout and prices --------------------------------------------------------------------------


def test_without_stripe_tax_prices_and_pages_are_as_they_were(stripe: Stripe) -> None:
    assert stripe.get(f"prices/{price().stripe_price_id}")["tax_behavior"] == "unspecified"
    session = session_of(stripe, signup())
    assert session["automatic_tax"]["enabled"] is False
    assert session["customer_email"] == "eleni@sunny.example"
    assert session["customer"] is None


def test_a_price_is_told_once_what_it_holds_and_another_behaviour_is_another_price(
    stripe: Stripe,
) -> None:
    before = price().stripe_price_id
    with by_stripe("inclusive"):
        assert any("does not say" in line for line in plans.differences())
        plans.push()
        assert price().stripe_price_id == before
        assert stripe.get(f"prices/{before}")["tax_behavior"] == "inclusive"
        assert plans.differences() == []
    with by_stripe("exclusive"):
        [line] = [line for line in plans.differences() if line.startswith("professional_month")]
        assert "4900 eur (inclusive of VAT) at Stripe, 4900 eur (exclusive of VAT) here" in line
        plans.push()
        assert price().stripe_price_id != before
        assert plans.differences() == []
        assert {each["tax_behavior"] for each in plans.offered()[0]["prices"]} == {"exclusive"}


def test_a_tax_number_makes_a_customer_who_bears_it_and_the_same_one_again(taxed: Stripe) -> None:
    row = signup(tax_id="EL094014201")
    session = session_of(taxed, row)
    assert session["automatic_tax"]["enabled"] is True
    assert session["tax_id_collection"]["enabled"] is True
    customer = taxed.get(f"customers/{session['customer']}", **{"expand[]": "tax_ids"})
    assert customer["name"] == "Sunny Court"
    assert customer["preferred_locales"] == ["el"]
    assert [each["value"] for each in customer["tax_ids"]["data"]] == ["EL094014201"]
    checkout_sessions.open_for(row, price(), key="once more")
    again = taxed.get(f"checkout/sessions/{row.checkout_session_id}")
    assert again["id"] != session["id"]
    assert again["customer"] == session["customer"]
    row.tax_id = "EL123456783"
    checkout_sessions.open_for(row, price(), key="corrected")
    other = taxed.get(f"checkout/sessions/{row.checkout_session_id}")["customer"]
    assert other != session["customer"]


def test_a_number_that_stripe_does_not_take_is_named_by_field(stripe: Stripe) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        session_of(stripe, signup(tax_id="EL12"))
    assert "tax_id" in refusal.value.errors


def test_the_doctor_tells_whether_stripe_tax_is_set_up(taxed: Stripe) -> None:
    found = {each.part: each for each in examine_tax()}
    assert found["tax"].verdict == "ok"
    assert "exclusive" in found["tax"].detail
    assert found["e-invoices"].verdict == "skipped"


# --- What is kept ---------------------------------------------------------------------------------


def test_an_invoice_keeps_tax_lines_and_buyer(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR", name="Sunny Court OE", tax_id="EL094014201")
    assert (invoice.net, invoice.tax, invoice.total) == (4900, 1176, 6076)
    [tax] = invoice.taxes
    assert (tax["rate"], tax["country"], tax["jurisdiction"]) == ("24", "GR", "Greece")
    assert (tax["included"], tax["reason"]) == (False, "standard_rated")
    assert (invoice.buyer_name, invoice.buyer_tax_id) == ("Sunny Court OE", "EL094014201")
    assert (invoice.buyer_country, invoice.buyer_address) == ("GR", "Ermou 1, 10563, Athens, GR")
    assert [line["amount"] for line in invoice.lines] == [4900]
    assert invoice.lines[0]["taxes"][0]["amount"] == 1176
    assert invoice.issued_at is not None
    assert not invoice.reverse_charge


def test_a_firm_of_another_country_has_reverse_charge_on_its_invoice(taxed: Stripe) -> None:
    invoice = bought(taxed, country="DE", tax_id="DE136695976")
    assert invoice.reverse_charge
    assert (invoice.tax, invoice.total) == (0, 4900)


def test_an_invoice_without_tax_has_none(stripe: Stripe) -> None:
    session = stripe.buy(price().stripe_price_id, unit_court())
    invoice = Invoice.objects.get(pk=session["invoice"])
    assert (invoice.net, invoice.tax, invoice.total, invoice.taxes) == (4900, 0, 4900, [])


def test_a_full_refund_is_known_with_its_credit_note(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR", tax_id="EL094014201")
    taxed.post("credit_notes", invoice=invoice.pk, amount=6076, refund_amount=6076)
    taxed.handle_events()
    note = CreditNote.objects.get(invoice_id=invoice.pk)
    assert (note.total, note.net, note.tax, note.status) == (6076, 4900, 1176, "issued")
    assert (note.invoice_number, note.buyer_tax_id) == (invoice.number, "EL094014201")
    assert note.tenant == unit_court()
    assert note.taxes[0]["rate"] == "24"
    refund = Refund.objects.get()
    assert (refund.amount, refund.invoice_id, refund.status) == (6076, invoice.pk, "succeeded")
    assert refund.tenant == unit_court()
    invoice.refresh_from_db()
    assert invoice.amount_credited == 6076
    assert Payment.objects.get(pk=refund.payment_id).amount_refunded == 6076


def test_a_refund_without_a_credit_note_and_one_in_two_parts(stripe: Stripe) -> None:
    session = stripe.buy(price().stripe_price_id, unit_court())
    [charge] = stripe.get("charges")["data"]
    for amount in (1000, 3900):
        stripe.post("refunds", charge=charge["id"], amount=amount)
    stripe.handle_events()
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [1000, 3900]
    assert {each.invoice_id for each in Refund.objects.all()} == {session["invoice"]}
    assert not CreditNote.objects.exists()


def test_an_event_about_a_refund_is_followed_by_its_charge(stripe: Stripe) -> None:
    stripe.buy(price().stripe_price_id, unit_court())
    [charge] = stripe.get("charges")["data"]
    stripe.post("refunds", charge=charge["id"], amount=1000)
    stripe.handle_events()
    refund = Refund.objects.get()
    Refund.objects.update(status="failed")  # as we had it; Stripe says otherwise by now
    rendered = {"id": refund.pk, "object": "refund", "charge": charge["id"]}
    stripe.control("events", {"type": "refund.updated", "object": rendered})
    assert "Done" in stripe.handle_events()[-1]
    assert Refund.objects.get().status == "succeeded"


def test_a_voided_credit_note_is_void_here_too(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR")
    subscription = taxed.get("subscriptions")["data"][0]["id"]
    path = f"subscriptions/{subscription}"
    owed = taxed.control(path, {"status": "past_due"})["latest_invoice"]
    made = taxed.post("credit_notes", invoice=owed, amount=900)
    taxed.handle_events()
    assert Invoice.objects.get(pk=owed).amount_credited == 900
    taxed.post(f"credit_notes/{made['id']}/void")
    taxed.handle_events()
    note = CreditNote.objects.get(pk=made["id"])
    assert note.status == "void"
    assert note.voided_at is not None
    assert Invoice.objects.get(pk=owed).amount_credited == 0
    assert invoice.pk != owed


@pytest.mark.parametrize(
    ("event_type", "rendered", "said"),
    [
        ("credit_note.created", {"object": "credit_note"}, "has no id"),
        ("credit_note.updated", {"id": "cn_never", "object": "credit_note"}, "no such credit note"),
        ("refund.updated", {"id": "re_1", "object": "refund"}, "names no charge"),
        ("refund.failed", {"id": "re_1", "object": "refund"}, "no such refund"),
    ],
)
def test_what_names_nothing_is_ignored_with_the_reason(
    stripe: Stripe, event_type: str, rendered: dict[str, str], said: str
) -> None:
    stripe.control("events", {"type": event_type, "object": rendered})
    outcomes = stripe.handle_events()
    assert "Ignored" in outcomes[-1]
    assert said in outcomes[-1]


def test_reconcile_finds_a_credit_note_that_nobody_told_us_of(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR")
    taxed.post("credit_notes", invoice=invoice.pk, amount=1000, out_of_band_amount=1000)
    found = [each for each in reconcile.differences() if each.object_id == invoice.pk]
    assert [each.field for each in found] == ["amount_credited"]
    repair.repair(found)
    assert CreditNote.objects.get().total == 1000
    assert [each for each in reconcile.differences() if each.object_id == invoice.pk] == []


def test_invoices_of_the_release_before_are_asked_for_again(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR")
    Invoice.objects.update(total=None, net=None, tax=None, issued_at=None, taxes=[], lines=[])
    assert document_backfill.SWEEP.run() == 1
    invoice.refresh_from_db()
    assert (invoice.total, invoice.taxes[0]["rate"]) == (6076, "24")
    assert document_backfill.SWEEP.run() == 0


def test_every_line_is_kept_where_stripe_shows_the_first_ones(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR")
    shown = gateway.invoice(invoice.pk)
    assert shown is not None
    whole = shown["lines"]["data"]
    shown["lines"] = {"data": [], "has_more": True}
    asked = stripe_documents.complete(shown, gateway.invoice_lines)
    assert asked["lines"]["data"] == whole


# --- Fresh links ----------------------------------------------------------------------------------


def test_a_link_that_has_ended_is_asked_for_anew(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR")
    taxed.control("clock", {"advance": 40 * 86_400})
    links = fresh_links.of_invoice(invoice)
    assert links.hosted_url != invoice.hosted_url
    assert links.hosted_url.startswith(invoice.hosted_url.partition("?")[0])
    assert "/pdf" in links.pdf_url


def test_a_stripe_that_does_not_answer_is_told_in_words(taxed: Stripe) -> None:
    invoice = bought(taxed, country="GR")
    taxed.control("faults", {"status": 500, "path": "/v1/invoices"})
    with pytest.raises(errors.UpstreamFailed, match="does not answer"):
        fresh_links.of_invoice(invoice)


def test_manual_mode_and_a_document_that_is_gone_are_told_apart(taxed: Stripe) -> None:
    known = bought(taxed, country="GR")
    unknown = Invoice(pk="in_never", customer_id=known.customer_id, created_at=timezone.now())
    with pytest.raises(errors.Gone):
        fresh_links.of_invoice(unknown)
    manual = dataclasses.replace(settings.STRIPE, mode="manual")
    with override_settings(STRIPE=manual), pytest.raises(errors.Closed):
        fresh_links.of_invoice(unknown)
    with pytest.raises(errors.Gone):
        fresh_links.pick(fresh_links.Links(hosted_url="", pdf_url="https://x.example"), "page")
