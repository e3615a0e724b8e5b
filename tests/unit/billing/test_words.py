"""Every situation of money has its words, in both languages, and its doors say them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone, translation

from billing import words
from billing.models import Price
from billing.words import Situation, of_card, of_debt, say
from public_apps.core.schema_context import in_public
from public_apps.monitoring.models import Incident
from public_apps.tenants import access_gate, suspension
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import (
    Owner,
    StripeInside,
    Subscriber,
    price_of,
    sent,
    subscriber,
)

LANGUAGES = ("en", "el")
GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]{3}")
FACTS = {
    "date": timezone.now(), "due": timezone.now(), "sum": "€1", "every": "per month",
    "plan": "Starter", "until": "noon", "limit": 10, "used": 12,
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("situation", Situation)
def test_every_situation_has_words_in_both_languages(situation: Situation, language: str) -> None:
    with translation.override(language):
        said = say(situation, **FACTS)
    assert "%(" not in said
    assert len(said) > 20
    assert bool(GREEK.search(said)) == (language == "el")


def test_the_table_is_whole() -> None:
    assert set(words.WORDS) == set(Situation)


@pytest.mark.parametrize(
    ("code", "situation"),
    [
        ("insufficient_funds", Situation.CARD_WITHOUT_FUNDS),
        ("expired_card", Situation.CARD_EXPIRED),
        ("incorrect_cvc", Situation.CARD_MISTYPED),
        ("subscription_payment_intent_requires_action", Situation.CARD_ASKS),
        ("generic_decline", Situation.CARD_DECLINED),
        ("a_reason_of_next_year", Situation.CARD_DECLINED),
        ("", Situation.CARD_DECLINED),
    ],
)
def test_each_reason_of_a_bank_has_its_situation(code: str, situation: Situation) -> None:
    assert of_card(code) is situation


def test_only_where_nothing_is_open_nothing_more_is_charged() -> None:
    debt = {
        "amount_due": 4900, "currency": "eur", "next_attempt_at": None, "debit_under_way": False,
    }  # fmt: skip
    assert of_debt(None)["situation"] is Situation.NOTHING_MORE
    assert of_debt(debt)["situation"] is Situation.OWED
    tried = {**debt, "next_attempt_at": timezone.now()}
    assert of_debt(tried)["situation"] is Situation.OWED_TRIED_AGAIN
    debited = {**debt, "debit_under_way": True}
    assert of_debt(debited)["situation"] is Situation.OWED_UNDER_WAY


# --- At the doors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_cancels_with_an_open_invoice_reads_that_it_is_tried_again(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    """Case 10."""
    owner = Owner(tenant, language=language)
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "failed-payment")
    stripe_inside.deliver()
    shown = owner.get()
    with translation.override(language):
        nothing = say(Situation.NOTHING_MORE)
        row = bought.mirrored
        assert row.past_due_since is not None
    assert shown["open_until"] == shown["past_due"]["grace_ends_at"], "sooner than the period ends"
    page = owner.page("/billing/cancel/")
    assert f" {nothing}</p>" not in page
    answer = owner.post("cancel")
    assert answer.status_code == 200
    told = {notice["situation"]: notice["detail"] for notice in answer.json()["notices"]}
    assert "owed_tried_again" in told
    assert told["owed_tried_again"] in page
    [mail] = sent("cancelled")
    assert told["owed_tried_again"] in mail
    assert told["owed_tried_again"] in owner.page()


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_cancels_and_owes_nothing_reads_that_nothing_more_is_charged(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    owner = Owner(tenant, language=language)
    subscriber(stripe_inside, tenant)
    with translation.override(language):
        nothing = say(Situation.NOTHING_MORE)
    assert nothing in owner.page("/billing/cancel/")
    assert owner.post("cancel").status_code == 200
    [mail] = sent("cancelled")
    assert nothing in mail


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_workspace_held_by_staff_does_not_promise_that_paying_opens_it(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    """Case 18."""
    owner = Owner(tenant, language=language)
    subscriber(stripe_inside, tenant)
    with in_public():
        suspension.hold(tenant=Tenant.objects.get(pk=tenant.pk), by="staff", reason="a talk")
    with translation.override(language):
        held = say(Situation.HELD)
        paying_helps = translation.gettext(
            "Once it is settled, the workspace opens again by itself."
        )
    assert [notice["detail"] for notice in owner.get()["notices"]] == [held]
    assert escaped(held) in owner.page()
    closed = owner.answer("/")
    assert closed.status_code == 402
    assert escaped(held) in closed.content.decode()
    refused = owner.ask("/api/buildings/")
    assert (refused.status_code, refused.json()["detail"]) == (402, held)
    [mail] = sent("suspended")
    assert held in mail
    assert paying_helps not in mail


def escaped(text: str) -> str:
    return text.replace("'", "&#x27;")


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_suspended_for_not_paying_is_told_that_paying_helps(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    owner = Owner(tenant, language=language)
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "unpaid")
    stripe_inside.deliver()
    with translation.override(language):
        inactive = str(access_gate.INACTIVE)
        paying_helps = translation.gettext(
            "Once it is settled, the workspace opens again by itself."
        )
    assert inactive in owner.answer("/").content.decode()
    assert owner.get()["notices"][0]["situation"] == "inactive"
    assert any(paying_helps in mail for mail in sent("suspended"))


def away(stripe_inside: StripeInside, bought: Subscriber) -> None:
    stripe_inside.control("faults", {"status": 500, "path": "/v1/subscriptions"})


def declining(stripe_inside: StripeInside, bought: Subscriber) -> None:
    pay_with("pm_card_chargeCustomerFail", stripe_inside, bought)


def pay_with(card: str, stripe_inside: StripeInside, bought: Subscriber) -> None:
    attached = stripe_inside.post(f"payment_methods/{card}/attach", customer=bought.customer_id)
    path = f"subscriptions/{bought.subscription_id}"
    stripe_inside.post(path, default_payment_method=attached["id"])


def archived(stripe_inside: StripeInside, bought: Subscriber) -> None:
    stripe_inside.post(f"prices/{price_of('enterprise').stripe_price_id}", active=False)


def refusing(stripe_inside: StripeInside, bought: Subscriber) -> None:
    with in_public():  # of a product that is there, and no price of ours
        Price.objects.filter(pk=price_of("enterprise").pk).update(
            stripe_price_id=stripe_inside.price(900, currency="usd")["id"]
        )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("cause", "situation", "status"),
    [
        (away, Situation.UNREACHABLE, 502),
        (declining, Situation.CARD_DECLINED, 402),
        (archived, Situation.NOT_FOR_SALE, 502),
        (refusing, Situation.REFUSED, 409),
    ],
)
def test_a_wish_that_comes_to_nothing_says_why_in_the_readers_language(
    stripe_inside: StripeInside,
    tenant: Tenant,
    cause: Callable[[StripeInside, Subscriber], None],
    situation: Situation,
    status: int,
    language: str,
) -> None:
    """Case 14."""
    bought = subscriber(stripe_inside, tenant)
    owner = Owner(tenant, language=language)
    cause(stripe_inside, bought)
    before = bought.at_stripe["items"] if cause is not away else None
    with translation.override(language):
        said = say(situation)
    wish: dict[str, Any] = {"plan": "enterprise", "interval": "month"}
    answer = owner.post("change-plan", wish)
    assert (answer.status_code, answer.json()["detail"]) == (status, said)
    assert escaped(said) in owner.send("/billing/change/", **wish, key=f"again-{language}")
    if before is not None:
        assert bought.at_stripe["items"] == before
    with in_public():
        told = Incident.objects.filter(kind="price_not_sold", closed_at=None).count()
    assert told == (cause is archived)
