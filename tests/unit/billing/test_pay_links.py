"""The link in a mail about an invoice: it leads to paying it for as long as it is to be paid."""

from __future__ import annotations

import re

import pytest
import requests
from django.core import signing
from django.test import Client

from billing import access, pay_links
from billing.models import Invoice
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from tests.unit.billing import documents
from tests.unit.stripe_inside import URL, Owner, StripeInside, Subscriber, sent, subscriber

HOST = "unit-court.localhost"
LINK = re.compile(r"http://unit-court\.localhost(?::\d+)?(/billing/pay/\S+)")
NOTHING_TO_PAY = {
    "en": "Nothing is to be paid of this invoice any more",
    "el": "Για αυτό το τιμολόγιο δεν υπάρχει πλέον τίποτε",
}
NO_ANSWER = {
    "en": "The payment provider does not answer",
    "el": "που έχει το παραστατικό, δεν απαντά",
}


@pytest.fixture(params=["en", "el"])
def owner(request: pytest.FixtureRequest, stripe_inside: StripeInside, tenant: Tenant) -> Owner:
    """An owner who reads one of our languages."""
    return Owner(tenant, language=request.param)


@pytest.fixture
def late(stripe_inside: StripeInside, tenant: Tenant, owner: Owner) -> Subscriber:
    """A workspace whose invoice is overdue for a day, as they are told by mail."""
    stripe_inside.set_clock(-81)
    bought = subscriber(
        stripe_inside, tenant, card="", collection_method="send_invoice", days_until_due=30
    )
    stripe_inside.set_clock(-50)
    stripe_inside.deliver()
    return bought


def link_in(kind: str) -> str:
    """Return the path of the link to pay by in the mail of a kind, which has none of Stripe's."""
    [text] = sent(kind)
    assert URL not in text
    [path] = LINK.findall(text)
    return str(path)


def invoice_of(bought: Subscriber) -> Invoice:
    with in_public():
        found: Invoice = Invoice.objects.get(pk=bought.at_stripe["latest_invoice"])
        return found


def signed(invoice_id: str, *, salt: str) -> str:
    """Sign as our links are, with this salt."""
    return signing.Signer(salt=salt).sign_object(invoice_id)


def opened(stripe_inside: StripeInside, url: str) -> int:
    """Open a page at Stripe; return its status."""
    return stripe_inside.answer(requests.Request("GET", url).prepare()).status_code


def test_the_link_of_a_mail_of_weeks_ago_leads_to_paying_without_a_sign_in(
    stripe_inside: StripeInside, late: Subscriber, owner: Owner
) -> None:
    path, first = link_in("payment_overdue"), invoice_of(late).hosted_url
    stripe_inside.set_clock(0)
    stripe_inside.deliver()
    with in_public():
        access.review_due()
        assert Tenant.objects.get(pk=late.tenant.pk).suspended_at is not None
    assert opened(stripe_inside, first) == 410, "Stripe's own link has ended"
    anybody = Client(headers={"host": HOST, "accept-language": owner.user.language})
    answer = anybody.get(path)
    assert answer.status_code == 302
    assert opened(stripe_inside, answer["Location"]) == 200
    assert "no-store" in answer["Cache-Control"]

    stripe_inside.post(f"invoices/{invoice_of(late).pk}/pay", paid_out_of_band=True)
    stripe_inside.deliver()
    page = anybody.get(path, follow=True)
    assert page.redirect_chain[-1][0].startswith("/accounts/login/")
    assert NOTHING_TO_PAY[owner.user.language] in page.content.decode()


def test_a_stripe_that_is_away_is_said_above_the_sign_in(
    stripe_inside: StripeInside, late: Subscriber, owner: Owner
) -> None:
    path = link_in("payment_overdue")
    stripe_inside.control("faults", {"status": 503, "path": "/v1/"})
    anybody = Client(headers={"host": HOST, "accept-language": owner.user.language})
    assert NO_ANSWER[owner.user.language] in anybody.get(path, follow=True).content.decode()


def test_nobody_makes_such_a_link_and_another_workspaces_opens_nothing(
    stripe_inside: StripeInside, late: Subscriber
) -> None:
    anybody, path = Client(headers={"host": HOST}), link_in("payment_overdue")
    with in_public():
        foreign = documents.invoice(tenant=None, status="open")
    paths = [
        path.replace("/pay/", "/pay/x"),
        f"/billing/pay/{signed(foreign.pk, salt=pay_links.SALT)}/",
        f"/billing/pay/{signed(invoice_of(late).pk, salt='another')}/",
        f"/billing/pay/{invoice_of(late).pk}/",
    ]
    assert [anybody.get(path).status_code for path in paths] == [404] * len(paths)


def test_mails_about_a_declined_card_and_a_cancellation_with_debts_carry_it_too(
    stripe_inside: StripeInside, tenant: Tenant, owner: Owner
) -> None:
    """Case 10, too: nobody who cancels reads that nothing more is charged while an invoice is open."""
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "failed-payment")
    stripe_inside.deliver()
    to_pay = link_in("payment_failed")
    assert owner.post("cancel").status_code == 200
    stripe_inside.deliver()
    assert link_in("cancelled") == to_pay


def test_an_invoice_without_a_page_at_stripe_leads_to_the_subscription(db: None) -> None:
    assert pay_links.to(documents.invoice(status="open", hosted_url="")) == ""
