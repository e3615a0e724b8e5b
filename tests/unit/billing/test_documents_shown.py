"""Credit notes, refunds and documents as owners and staff see them, by page, API and admin."""

from __future__ import annotations

import csv
import dataclasses
import io
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission
from django.test import Client, override_settings

from billing.models import EInvoice, Invoice
from public_apps.accounts.models import User
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from staff import second_factor
from tests.unit import stripe_purchases
from tests.unit.billing import documents
from tests.unit.billing.documents import MIDDLE, unit_court
from tests.unit.stripe_purchases import Stripe

stripe = stripe_purchases.stripe
HOST = "unit-court.localhost"
PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture(autouse=True)
def _without_collected_files(tmp_path: Path) -> Iterator[None]:
    """Let pages name their static files as they are: nothing has collected them here."""
    storages = {**settings.STORAGES, "staticfiles": PLAIN}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        yield


def person(role: str) -> Client:
    """Return the browser of a new member of the workspace, signed in."""
    tenant = unit_court()
    with inside(tenant.schema_name):
        email = f"{role}-{secrets.token_hex(3)}@unit.example"
        user = User.objects.create_user(email, "x" * 20, role=role, first_name="Eleni")
        browser = Client(HTTP_HOST=HOST)
        browser.force_login(user)
    # The API takes the same session by its token alone.
    token = browser.cookies[settings.SESSION_COOKIE_NAME].value
    browser.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return browser


@pytest.fixture
def owner(db: None) -> Client:
    """The owner's browser."""
    return person("owner")


def colleague(*may: str, group: str = "") -> Client:
    """Return the browser of somebody of our staff with these permissions."""
    user = User.objects.create_user(
        f"anna-{secrets.token_hex(3)}@staff.example", "x" * 20, is_staff=True
    )
    for name in may:
        app, _dot, codename = name.partition(".")
        found = Permission.objects.get(content_type__app_label=app, codename=codename)
        user.user_permissions.add(found)
    if group:
        user.groups.add(Group.objects.get(name=group))
    browser = Client(HTTP_HOST="localhost")
    browser.force_login(user)
    session = browser.session
    session[second_factor.STATE] = second_factor.PROVEN
    session.save()
    return browser


@pytest.fixture
def refunded(db: None) -> Invoice:
    """An invoice that was given back in whole, with its credit note and its MARK."""
    invoice = documents.invoice(amount_credited=4900)
    documents.credit_note(invoice)
    documents.refund(invoice)
    EInvoice.objects.create(
        kind="invoice", document_id=invoice.pk, mark="400001234567890", sent_at=MIDDLE
    )
    return invoice


# --- Owners ---------------------------------------------------------------------------------------


def test_an_owner_reads_that_an_invoice_is_refunded_with_its_credit_note(
    owner: Client, refunded: Invoice
) -> None:
    page = owner.get("/billing/").content.decode()
    assert "Refunded" in page
    assert f"Credit note {refunded.number}-CN-01 of 15 October 2026: €49" in page
    assert "with 24% VAT in it: €9.48" in page
    assert "EL094014201" in page
    assert "MARK 400001234567890" in page
    assert f"/billing/invoices/{refunded.pk}/pdf/" in page
    assert refunded.hosted_url not in page


def test_the_same_in_greek(owner: Client, refunded: Invoice) -> None:
    page = owner.get("/billing/", headers={"accept-language": "el"}).content.decode()
    assert "Επιστράφηκε" in page
    assert "Πιστωτικό" in page
    assert "με ΦΠΑ 24%" in page


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ("Refunded", "Credit note")), ("el", ("Επιστράφηκε", "Πιστωτικό"))],
)
def test_what_stripe_gives_back_in_whole_is_read_and_taken_along_by_the_month(
    stripe: Stripe, owner: Client, language: str, said: tuple[str, str]
) -> None:
    """Case 15, from the credit note at Stripe to the owner's page and to the accountant's file."""
    session = stripe.buy(stripe.get("prices")["data"][0]["id"], unit_court())
    total = stripe.get(f"invoices/{session['invoice']}")["total"]
    note = stripe.post(
        "credit_notes", invoice=session["invoice"], amount=total, refund_amount=total
    )
    stripe.handle_events()
    invoice = Invoice.objects.get(pk=session["invoice"])
    page = owner.get("/billing/", headers={"accept-language": language}).content.decode()
    for words in (*said, invoice.number, note["number"]):
        assert words in page
    assert f"/billing/credit-notes/{note['id']}/pdf/" in page
    assert invoice.issued_at is not None
    month = invoice.issued_at.astimezone(ZoneInfo("Europe/Athens")).strftime("%Y-%m")
    taken = colleague(group="finance").post(
        "/admin/billing/invoice/export/", {"month": month, "format": "csv"}
    )
    rows = list(csv.DictReader(io.StringIO(taken.content.decode("utf-8-sig")), delimiter=";"))
    kept = {(row["Kind"], row["Number"] or row["About"]) for row in rows}
    assert {("invoice", invoice.number), ("credit_note", note["number"])} <= kept
    assert ("refund", invoice.number) in kept


def test_a_part_that_was_given_back_and_reverse_charge_are_said(owner: Client) -> None:
    invoice = documents.invoice(reverse_charge=True, tax=0, taxes=[])
    documents.refund(invoice, amount=1000)
    page = owner.get("/billing/").content.decode()
    assert "Partly refunded" in page
    assert "€10 went back to you" in page
    assert "Reverse charge: the buyer owes the VAT" in page


def test_a_payment_by_hand_stands_with_its_number(owner: Client) -> None:
    payment = documents.payment("BANK-1")
    page = owner.get("/billing/").content.decode()
    assert payment.number in page
    assert "€120" in page


def test_the_api_tells_what_came_after_an_invoice(owner: Client, refunded: Invoice) -> None:
    [row] = owner.get("/api/invoices/").json()["results"]
    assert (row["total"], row["net"], row["tax"]) == (4900, 3952, 948)
    assert (row["amount_refunded"], row["amount_credited"]) == (4900, 4900)
    assert row["buyer"]["tax_id"] == "EL094014201"
    assert (row["taxes"][0]["rate"], row["taxes"][0]["country"]) == ("24", "GR")
    assert row["lines"][0]["description"] == "Professional"
    assert row["mark"] == "400001234567890"
    [note] = row["credit_notes"]
    assert (note["number"], note["total"], note["tax"]) == (f"{refunded.number}-CN-01", 4900, 948)
    assert note["status"] == "issued"


def bought(stripe: Stripe) -> Invoice:
    """Return an invoice that Stripe has, whose links have ended."""
    price = stripe.get("prices")["data"][0]["id"]
    session = stripe.buy(price, unit_court())
    stripe.post("credit_notes", invoice=session["invoice"], amount=100, refund_amount=100)
    stripe.handle_events()
    stripe.control("clock", {"advance": 40 * 86_400})
    found: Invoice = Invoice.objects.get(pk=session["invoice"])
    return found


def test_a_click_leads_to_a_fresh_link(stripe: Stripe, owner: Client) -> None:
    invoice = bought(stripe)
    page = owner.get(f"/billing/invoices/{invoice.pk}/")
    assert page.status_code == 302
    fresh = stripe.get(f"invoices/{invoice.pk}")
    assert page["Location"].partition("?")[0] == fresh["hosted_invoice_url"].partition("?")[0]
    assert page["Location"] != invoice.hosted_url
    assert "/pdf" in owner.get(f"/billing/invoices/{invoice.pk}/pdf/")["Location"]
    note = stripe.get("credit_notes")["data"][0]
    assert owner.get(f"/billing/credit-notes/{note['id']}/pdf/")["Location"] == note["pdf"]
    links = owner.get(f"/api/invoices/{invoice.pk}/links/").json()
    assert links["hosted_url"] != invoice.hosted_url
    assert links["credit_notes"] == [
        {"id": note["id"], "number": note["number"], "pdf_url": note["pdf"]}
    ]


def test_a_stripe_that_is_away_is_a_sentence_on_the_page_and_a_problem_in_the_api(
    stripe: Stripe, owner: Client
) -> None:
    invoice = bought(stripe)
    stripe.control("faults", {"status": 503, "path": "/v1/"})
    page = owner.get(f"/billing/invoices/{invoice.pk}/", follow=True)
    assert "The payment provider does not answer" in page.content.decode()
    answer = owner.get(f"/api/invoices/{invoice.pk}/links/")
    assert (answer.status_code, answer["Content-Type"]) == (502, "application/problem+json")
    manual = dataclasses.replace(settings.STRIPE, mode="manual")
    with override_settings(STRIPE=manual):
        assert owner.get(f"/api/invoices/{invoice.pk}/links/").status_code == 503


def test_nobody_reaches_anothers_documents(stripe: Stripe, owner: Client) -> None:
    foreign = documents.invoice(tenant=None)
    note = documents.credit_note(foreign)
    for path in (
        f"/billing/invoices/{foreign.pk}/",
        f"/billing/invoices/{foreign.pk}/pdf/",
        f"/billing/credit-notes/{note.pk}/pdf/",
        f"/api/invoices/{foreign.pk}/links/",
    ):
        assert owner.get(path).status_code == 404, path
    own = documents.invoice()
    for role in ("manager", "staff", "resident"):
        stranger = person(role)
        assert stranger.get(f"/api/invoices/{own.pk}/links/").status_code == 403
        assert stranger.get(f"/billing/invoices/{own.pk}/").status_code == 403
    assert Client(HTTP_HOST=HOST).get(f"/api/invoices/{own.pk}/links/").status_code == 401


# --- Staff ----------------------------------------------------------------------------------------


class TestStaff:
    """What colleagues see and may do."""

    def test_a_month_is_taken_along_with_permission_and_on_record(self, refunded: Invoice) -> None:
        finance = colleague(group="finance")
        asked = finance.get("/admin/billing/invoice/export/")
        assert b"midnight in Athens" in asked.content
        answer = finance.post(
            "/admin/billing/invoice/export/", {"month": "2026-10", "format": "csv"}
        )
        assert answer["Content-Disposition"] == 'attachment; filename="documents-2026-10.csv"'
        assert refunded.number in answer.content.decode("utf-8-sig")
        [entry] = Entry.objects.filter(action="documents.exported")
        assert entry.detail == {"month": "2026-10", "format": "csv", "rows": 3}
        wrong = finance.post("/admin/billing/invoice/export/", {"month": "x", "format": "csv"})
        assert b"Write the month as 2026-10." in wrong.content
        assert Entry.objects.filter(action="documents.exported").count() == 1

    def test_who_may_only_look_takes_nothing_along(self, db: None) -> None:
        for browser in (colleague(group="support"), colleague("billing.view_invoice")):
            form = {"month": "2026-10", "format": "csv"}
            assert browser.get("/admin/billing/invoice/export/").status_code == 403
            assert browser.post("/admin/billing/invoice/export/", form).status_code == 403
        assert not Entry.objects.filter(action="documents.exported").exists()

    def test_lists_tell_what_was_given_back_and_credited(self, refunded: Invoice) -> None:
        finance = colleague(group="finance")
        listed = finance.get("/admin/billing/invoice/").content.decode()
        assert listed.count("€49") >= 2
        # The admin reads `_23` in an address as `#`, and an id may begin so.
        row = finance.get(f"/admin/billing/invoice/{quote(refunded.pk)}/change/").content.decode()
        assert f"{refunded.number}-CN-01 (€49, issued)" in row
        assert "400001234567890" in row
        for page in ("creditnote", "refund", "einvoice"):
            assert finance.get(f"/admin/billing/{page}/").status_code == 200

    def test_a_fresh_link_or_the_reason_why_there_is_none(self, stripe: Stripe) -> None:
        invoice, finance = bought(stripe), colleague(group="finance")
        leads = finance.get(f"/admin/billing/invoice/{invoice.pk}/see-page/")
        assert leads["Location"].startswith(invoice.hosted_url.partition("?")[0])
        assert "/pdf" in finance.get(f"/admin/billing/invoice/{invoice.pk}/see-pdf/")["Location"]
        stripe.control("faults", {"status": 503, "path": "/v1/"})
        page = finance.get(f"/admin/billing/invoice/{invoice.pk}/see-pdf/", follow=True)
        assert "does not answer" in page.content.decode()
        nobody = colleague("billing.view_plan")
        assert nobody.get(f"/admin/billing/invoice/{invoice.pk}/see-pdf/").status_code in {403, 404}

    def test_a_document_that_was_given_up_is_tried_again_on_record(self, db: None) -> None:
        row = EInvoice.objects.create(
            kind="invoice", document_id="in_1", failed_at=MIDDLE, attempts=40, error="Refused"
        )
        finance = colleague(group="finance")
        form = {"action": "retry_chosen", "_selected_action": [row.pk], "confirmed": "yes"}
        finance.post("/admin/billing/einvoice/", form)
        row.refresh_from_db()
        assert (row.failed_at, row.attempts) == (None, 0)
        assert Entry.objects.filter(action="einvoice.retried").count() == 1

    def test_the_tax_in_a_payment_by_hand_is_asked_for(self, db: None) -> None:
        finance, tenant = colleague(group="finance"), unit_court()
        form = {"amount": "124.00", "tax": "24", "reference": "BANK-9", "paid_until": "2027-12-31"}
        path = f"/admin/tenants/tenant/{tenant.pk}/record-payment/"
        finance.post(path, form)
        payment = tenant.manual_payments.get()
        assert (payment.amount, payment.tax, payment.buyer_name) == (12400, 2400, tenant.name)
        refused = finance.post(path, {**form, "reference": "BANK-10", "tax": "125"})
        assert "can&#x27;t be more" in refused.content.decode()


# --- The site -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behavior", "said"), [("inclusive", "VAT included"), ("exclusive", "plus VAT")]
)
def test_prices_say_whether_they_hold_vat(stripe: Stripe, behavior: str, said: str) -> None:
    tax = dataclasses.replace(settings.TAX, automatic=True, behavior=behavior)
    with override_settings(TAX=tax):
        anybody = Client(HTTP_HOST="localhost")
        assert said in anybody.get("/").content.decode()
        plans: list[dict[str, Any]] = anybody.get("/api/billing/plans/").json()
    assert {price["tax_behavior"] for plan in plans for price in plan["prices"]} == {behavior}


def test_the_sign_up_form_asks_for_a_vat_number_in_both_languages(db: None) -> None:
    anybody = Client(HTTP_HOST="localhost")
    assert 'name="tax_id"' in anybody.get("/").content.decode()
    greek = anybody.get("/", headers={"accept-language": "el"}).content.decode()
    assert "ΑΦΜ" in greek
