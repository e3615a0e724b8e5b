"""Tax as Stripe works it out: by country, by tax id, within a price or added to it."""

from __future__ import annotations

import pytest

from tests.unit.stripe_inside import StripeInside
from tests.unit.stripe_purchases import AUTOMATIC, Document, Stripe


@pytest.fixture
def mock(bare_stripe: StripeInside) -> Stripe:
    """A mock Stripe in this process."""
    return Stripe(bare_stripe)


def price(mock: Stripe, behaviour: str, amount: int = 4900) -> str:
    """Return a monthly price."""
    product = mock.post("products", name="Professional")["id"]
    made = mock.post(
        "prices", product=product, unit_amount=amount, currency="eur", tax_behavior=behaviour,
        **{"recurring[interval]": "month"},
    )  # fmt: skip
    return str(made["id"])


def bought(mock: Stripe, behaviour: str, **typed: str) -> tuple[Document, Document]:
    """Return the session and the invoice of somebody who bought with automatic tax."""
    session = mock.post(
        "checkout/sessions", mode="subscription", success_url="http://shop.test/",
        customer_email="eleni@unit.example",
        **{"line_items[0][price]": price(mock, behaviour), "line_items[0][quantity]": "1",
           **AUTOMATIC},
    )  # fmt: skip
    done = mock.pay(session, **typed)
    return done, mock.get(f"invoices/{done['invoice']}")


@pytest.mark.parametrize(
    ("behaviour", "country", "net", "tax", "total"),
    [
        ("inclusive", "GR", 3952, 948, 4900),
        ("exclusive", "GR", 4900, 1176, 6076),
        ("inclusive", "DE", 4118, 782, 4900),
        ("exclusive", "CY", 4900, 931, 5831),
        ("exclusive", "US", 4900, 0, 4900),
    ],
)
def test_the_customers_country_decides_the_rate(
    mock: Stripe, behaviour: str, country: str, net: int, tax: int, total: int
) -> None:
    session, invoice = bought(mock, behaviour, country=country)
    assert (invoice["total_excluding_tax"], invoice["total"]) == (net, total)
    assert sum(each["amount"] for each in invoice["total_taxes"]) == tax
    assert invoice["amount_paid"] == session["amount_total"] == total
    assert session["total_details"]["amount_tax"] == tax
    assert session["amount_subtotal"] == 4900
    assert invoice["automatic_tax"]["status"] == "complete"
    intents = mock.get("charges")["data"]
    assert intents[0]["amount"] == total
    [line_tax] = invoice["lines"]["data"][0]["taxes"]
    rate = mock.get(f"tax_rates/{line_tax['tax_rate_details']['tax_rate']}")
    assert rate["country"] == country
    assert invoice["customer_address"]["country"] == country


def test_a_business_of_another_country_owes_the_tax_itself(mock: Stripe) -> None:
    _session, invoice = bought(mock, "exclusive", country="DE", tax_id="DE136695976")
    [tax] = invoice["total_taxes"]
    assert (tax["amount"], tax["taxability_reason"]) == (0, "reverse_charge")
    assert invoice["total"] == 4900
    assert invoice["customer_tax_ids"] == [{"type": "eu_vat", "value": "DE136695976"}]


def test_a_greek_business_and_one_that_vies_does_not_know_pay_it(mock: Stripe) -> None:
    for country, number in (("GR", "EL094014201"), ("DE", "DE111111111")):
        _session, invoice = bought(mock, "exclusive", country=country, tax_id=number)
        assert invoice["total_taxes"][0]["taxability_reason"] == "standard_rated"


def test_tax_ids_have_a_form_a_verification_and_events(mock: Stripe) -> None:
    error = mock.refused(
        "customers",
        **{"tax_id_data[0][type]": "eu_vat", "tax_id_data[0][value]": "EL12"},
    )
    assert (error["code"], error["param"]) == ("tax_id_invalid", "tax_id_data[0][value]")
    customer = mock.post(
        "customers",
        **{"tax_id_data[0][type]": "eu_vat", "tax_id_data[0][value]": "EL094014201"},
    )["id"]
    [known] = mock.get(f"customers/{customer}/tax_ids")["data"]
    assert (known["country"], known["verification"]["status"]) == ("GR", "verified")
    pending = mock.post(f"customers/{customer}/tax_ids", type="eu_vat", value="DE222222222")
    assert pending["verification"]["status"] == "pending"
    shown = mock.get(f"customers/{customer}", **{"expand[]": "tax_ids"})
    assert len(shown["tax_ids"]["data"]) == 2
    mock.delete(f"customers/{customer}/tax_ids/{known['id']}")
    assert len(mock.get(f"customers/{customer}/tax_ids")["data"]) == 1
    types = [event["type"] for event in mock.events()]
    assert types.count("customer.tax_id.created") == 2
    assert types.count("customer.tax_id.updated") == 1
    assert types.count("customer.tax_id.deleted") == 1


def test_a_known_customer_is_updated_only_where_the_session_says_so(mock: Stripe) -> None:
    customer = mock.post("customers", email="eleni@unit.example", name="Sunny Court")["id"]
    given = {
        "mode": "subscription", "success_url": "http://shop.test/", "customer": customer,
        "line_items[0][price]": price(mock, "inclusive"), "line_items[0][quantity]": "1",
    }  # fmt: skip
    refusal = mock.refused("checkout/sessions", **given, **{"tax_id_collection[enabled]": "true"})
    assert "`customer_update[name]`" in refusal["message"]
    refusal = mock.refused("checkout/sessions", **given, **{"automatic_tax[enabled]": "true"})
    assert refusal["code"] == "customer_tax_location_invalid"
    stranger = {name: value for name, value in given.items() if name != "customer"}
    refusal = mock.refused("checkout/sessions", **stranger, **{"customer_update[name]": "auto"})
    assert refusal["param"] == "customer_update"
    session = mock.post(
        "checkout/sessions", **given, **AUTOMATIC,
        **{"customer_update[name]": "auto", "customer_update[address]": "auto"},
    )  # fmt: skip
    assert "customer_update" not in session
    mock.pay(session, name="Sunny Court OE", country="CY")
    after = mock.get(f"customers/{customer}")
    assert (after["name"], after["address"]["country"]) == ("Sunny Court OE", "CY")


def test_a_renewal_and_a_preview_have_tax_too(mock: Stripe) -> None:
    session, _invoice = bought(mock, "exclusive", country="GR")
    preview = mock.post("invoices/create_preview", subscription=session["subscription"])
    assert (preview["amount_due"], preview["total_excluding_tax"]) == (6076, 4900)
    assert mock.get(f"subscriptions/{session['subscription']}")["automatic_tax"]["enabled"] is True


def test_without_automatic_tax_nothing_is_different(mock: Stripe) -> None:
    session = mock.post(
        "checkout/sessions", mode="subscription", success_url="http://shop.test/",
        customer_email="eleni@unit.example",
        **{"line_items[0][price]": price(mock, "exclusive"), "line_items[0][quantity]": "1"},
    )  # fmt: skip
    invoice = mock.get(f"invoices/{mock.pay(session)['invoice']}")
    assert (invoice["total"], invoice["total_taxes"]) == (4900, [])
    assert invoice["automatic_tax"]["enabled"] is False
    assert mock.get("tax/settings")["status"] == "active"


def test_the_payment_page_asks_for_what_tax_needs(mock: Stripe) -> None:
    session = mock.post(
        "checkout/sessions", mode="subscription", success_url="http://shop.test/done",
        customer_email="eleni@unit.example",
        **{"line_items[0][price]": price(mock, "exclusive"), "line_items[0][quantity]": "1",
           **AUTOMATIC},
    )  # fmt: skip
    page = mock.page(f"/pay/{session['id']}").text
    assert 'name="country"' in page
    typed = {"action": "pay", "country": "FR", "tax_id": "FR40303265045", "name": "Cour SARL"}
    assert mock.page(f"/pay/{session['id']}", typed).status_code == 303
    done = mock.get(f"checkout/sessions/{session['id']}")
    assert done["customer_details"]["tax_ids"] == [{"type": "eu_vat", "value": "FR40303265045"}]
    assert mock.get(f"invoices/{done['invoice']}")["total"] == 4900


# --- Credit notes ---------------------------------------------------------------------------------


def test_a_credit_note_about_a_paid_invoice_says_where_the_money_goes(mock: Stripe) -> None:
    _session, invoice = bought(mock, "exclusive", country="GR")
    error = mock.refused("credit_notes", invoice=invoice["id"], amount=6076)
    assert "must equal" in error["message"]
    note = mock.post(
        "credit_notes", invoice=invoice["id"], amount=3038, refund_amount=3038, reason="duplicate"
    )
    assert note["number"] == f"{invoice['number']}-CN-01"
    assert (note["total"], note["total_excluding_tax"], note["type"]) == (
        3038,
        2450,
        "post_payment",
    )
    assert note["total_taxes"][0]["amount"] == 588
    [back] = note["refunds"]
    assert mock.get(f"refunds/{back['refund']}")["amount"] == 3038
    second = mock.post("credit_notes", invoice=invoice["id"], amount=3038, credit_amount=3038)
    assert second["number"].endswith("-CN-02")
    assert mock.get(f"customers/{invoice['customer']}")["balance"] == -3038
    after = mock.get(f"invoices/{invoice['id']}")
    assert after["post_payment_credit_notes_amount"] == 6076
    error = mock.refused("credit_notes", invoice=invoice["id"], amount=1, out_of_band_amount=1)
    assert "at most what is left" in error["message"]
    assert "You can only void" in mock.refused(f"credit_notes/{note['id']}/void")["message"]
    listed = mock.get("credit_notes", invoice=invoice["id"])["data"]
    assert [each["id"] for each in listed] == [second["id"], note["id"]]
    assert mock.get(f"credit_notes/{note['id']}/lines")["data"][0]["amount"] == 3038


def test_a_credit_note_about_an_open_invoice_lessens_it_until_it_is_voided(mock: Stripe) -> None:
    session, _paid = bought(mock, "inclusive", country="GR")
    path = f"subscriptions/{session['subscription']}"
    owed = mock.control(path, {"status": "past_due"})["latest_invoice"]
    note = mock.post("credit_notes", invoice=owed, amount=900)
    assert (mock.get(f"invoices/{owed}")["amount_remaining"], note["type"]) == (4000, "pre_payment")
    assert mock.post(f"credit_notes/{note['id']}/void")["status"] == "void"
    assert mock.get(f"invoices/{owed}")["amount_remaining"] == 4900
    mock.post("credit_notes", invoice=owed, amount=4900)
    assert mock.get(f"invoices/{owed}")["status"] == "paid"
    types = [event["type"] for event in mock.events()]
    assert types.count("credit_note.created") == 2
    assert types.count("credit_note.voided") == 1


def test_links_to_an_invoice_end_and_whoever_asks_anew_gets_new_ones(mock: Stripe) -> None:
    _session, invoice = bought(mock, "inclusive", country="GR")
    old = invoice["hosted_invoice_url"]
    path = old.split("12111")[1]
    assert mock.page(path).status_code == 200
    assert mock.get(f"invoices/{invoice['id']}")["hosted_invoice_url"] == old
    mock.control("clock", {"advance": 31 * 86_400})
    assert mock.page(path).status_code == 410
    fresh = mock.get(f"invoices/{invoice['id']}")
    for link in (fresh["hosted_invoice_url"], fresh["invoice_pdf"]):
        assert mock.page(link.split("12111")[1]).status_code == 200
