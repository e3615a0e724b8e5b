"""Stripe's customer portal: made by the doctor, found again, and no more than we switched on."""

from __future__ import annotations

import io

import pytest
import requests
from django.core.management import call_command
from django.utils import translation
from django.utils.html import escape

from billing import portal
from billing.words import Situation, say
from devstack.processes import ROOT
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from staff.doctor.findings import Finding, Verdict
from staff.doctor.stripe import examine_stripe
from tests.unit.stripe_inside import Document, Owner, Refused, StripeInside, subscriber


def finding() -> Finding:
    """Return what the doctor finds of the portal."""
    with in_public():
        return next(each for each in examine_stripe() if each.part == "customer portal")


def fix() -> str:
    """Do what `doctor --fix` does; tests/staff/test_doctor.py has the command itself."""
    with in_public():
        return portal.fix() or "nothing to fix"


def browse(stripe: StripeInside, address: str, form: dict[str, str] | None = None) -> str:
    """Open a page of the mock's, or send its form and read what follows."""
    method = "POST" if form else "GET"
    answer = stripe.answer(requests.Request(method, address, data=form).prepare())
    if answer.status_code == 303:
        return browse(stripe, address)
    return f"{answer.status_code} {answer.text}"


def test_case_16_the_doctor_fails_with_the_command_that_mends(stripe_inside: StripeInside) -> None:
    found = finding()
    assert found.verdict is Verdict.FAILING
    assert "manage.py doctor --fix" in found.advice
    assert fix().startswith("created: bpc_")
    assert finding().verdict is Verdict.OK
    assert fix() == "nothing to fix"
    assert len(stripe_inside.get("billing_portal/configurations")["data"]) == 1


def test_what_somebody_changed_at_stripe_is_named_and_brought_in_line(
    stripe_inside: StripeInside,
) -> None:
    fix()
    ours = portal.ours()
    assert ours is not None
    path = f"billing_portal/configurations/{ours['id']}"
    features = {
        "subscription_cancel": {"enabled": True},
        "customer_update": {"enabled": True, "allowed_updates": ["email"]},
    }
    stripe_inside.post(path, features=features, active=False)
    found = finding()
    assert found.verdict is Verdict.FAILING
    for wrong in ("not active", "subscription_cancel is on", "customer_update allows email"):
        assert wrong in found.detail
    assert f"brought {ours['id']} in line" in fix()
    assert finding().verdict is Verdict.OK
    changed = stripe_inside.get(path)
    assert changed["active"]
    assert not changed["features"]["subscription_cancel"]["enabled"]
    allowed = changed["features"]["customer_update"]["allowed_updates"]
    assert sorted(allowed) == ["address", "name", "phone", "tax_id"]


def test_the_configuration_of_another_system_is_left_alone(stripe_inside: StripeInside) -> None:
    other = stripe_inside.post(
        "billing_portal/configurations", features={"invoice_history": {"enabled": True}}
    )
    assert finding().verdict is Verdict.FAILING
    fix()
    assert stripe_inside.get(f"billing_portal/configurations/{other['id']}") == other


def test_plans_push_makes_it_too(stripe_inside: StripeInside) -> None:
    said = io.StringIO()
    with in_public():
        call_command("plans", "push", stdout=said)
    assert "customer portal created" in said.getvalue()
    assert finding().verdict is Verdict.OK


@pytest.mark.parametrize("language", ["en", "el"])
def test_case_16_an_owner_reads_a_sentence_where_there_is_no_portal(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    subscriber(stripe_inside, tenant)
    owner = Owner(tenant, language=language)
    with translation.override(language):
        said = say(Situation.PORTAL_CLOSED)
    answer = owner.post("portal")
    assert (answer.status_code, answer.json()["detail"]) == (502, said)
    assert escape(said) in owner.send("/billing/portal/", key=f"portal-{language}")


def opened(stripe: StripeInside, tenant: Tenant) -> tuple[str, str]:
    """Return the address of an owner's portal, and the id of the customer."""
    with in_public():
        portal.fix()
    bought = subscriber(stripe, tenant)
    answer = Owner(tenant).post("portal")
    assert answer.status_code == 200, answer.content
    return str(answer.json()["url"]), bought.customer_id


def test_an_owners_portal_has_what_is_switched_on_and_no_more(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    url, customer_id = opened(stripe_inside, tenant)
    page = browse(stripe_inside, url)
    assert "Use another card" in page
    assert "/invoice/in_" in page
    for button in ("Cancel", "Resume", "E-mail"):
        assert f">{button}" not in page
    bought = stripe_inside.get("subscriptions", customer=customer_id)["data"][0]["id"]
    refused = browse(stripe_inside, url, {"action": "cancel", "subscription": bought})
    assert refused.startswith("403")
    before = stripe_inside.get(f"customers/{customer_id}")
    browse(stripe_inside, url, {"action": "card"})
    typed = {"action": "details", "name": "Palm Court", "email": "x@evil.example",
             "address": "DE", "tax_id": "DE123456789"}  # fmt: skip
    browse(stripe_inside, url, typed)
    after = stripe_inside.get(f"customers/{customer_id}")
    card = "default_payment_method"
    assert after["invoice_settings"][card] != before["invoice_settings"][card]
    assert (after["name"], after["email"]) == ("Palm Court", before["email"])
    assert after["address"]["country"] == "DE"


def test_a_session_names_our_configuration(stripe_inside: StripeInside, tenant: Tenant) -> None:
    url, _customer = opened(stripe_inside, tenant)
    ours = portal.ours()
    assert ours is not None
    with stripe_inside.store.change() as change:
        session: Document = change.fetch("billing_portal.session", url.rpartition("/")[2])
    assert session["configuration"] == ours["id"]


def test_the_mock_refuses_as_stripe_does(bare_stripe: StripeInside) -> None:
    customer = bare_stripe.customer()["id"]
    with pytest.raises(Refused, match="default configuration has not been created"):
        bare_stripe.post("billing_portal/sessions", customer=customer)
    with pytest.raises(Refused, match="No such configuration"):
        bare_stripe.post("billing_portal/sessions", customer=customer, configuration="bpc_none")
    wrong = {
        "features[customer_update][enabled]": "true",
        "features[subscription_update][enabled]": "true",
        "features[hug][enabled]": "true",
        "features[invoice_history][mode]": "kind",
    }
    for name, value in wrong.items():
        with pytest.raises(Refused) as refusal:
            bare_stripe.post("billing_portal/configurations", **{name: value})
        assert refusal.value.error["type"] == "invalid_request_error"
    assert bare_stripe.get("billing_portal/configurations")["data"] == []
    off = bare_stripe.post(
        "billing_portal/configurations", features={"invoice_history": {"enabled": True}}
    )
    bare_stripe.post(f"billing_portal/configurations/{off['id']}", active=False)
    assert bare_stripe.get("billing_portal/configurations", active=True)["data"] == []
    with pytest.raises(Refused, match="not active"):
        bare_stripe.post("billing_portal/sessions", customer=customer, configuration=off["id"])


def test_every_switch_has_its_reason_and_stands_in_the_handbook() -> None:
    handbook = (ROOT / "docs/operations.md").read_text()
    for switch in portal.SWITCHES:
        assert len(switch.why) > 40
        assert f"`{switch.feature}`" in handbook
