"""Stripe refuses, fails, is slow or loses its answer while an owner waits."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest
import requests

from public_apps.core.models import IdempotentRequest
from tests.billing.owners.owner import Document, Owner
from tests.billing.owners.test_owner_changes import YEARLY, price_at_stripe

LONGEST_WAIT = 10.0


def is_unchanged(owner: Owner, before: str) -> bool:
    """Whether nothing was changed or charged."""
    return price_at_stripe(owner) == before and len(owner.invoices()) == 1


def test_a_card_that_does_not_pay_is_a_402_that_says_why_and_changes_nothing(
    owner: Owner,
) -> None:
    before = price_at_stripe(owner)
    owner.pay_with("pm_card_chargeCustomerFail")
    refused = owner.post("change-plan", YEARLY)
    assert refused.status_code == 402
    assert refused.json()["type"].endswith("payment-failed")
    assert "declined" in refused.json()["detail"]
    assert price_at_stripe(owner) == before
    assert [each["status"] for each in owner.invoices()] == ["void", "paid"]
    owner.pay_with("pm_card_visa")
    assert owner.post("change-plan", YEARLY).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "slug"),
    [
        ({"status": 500}, 502, "payment-provider-unavailable"),
        ({"status": 429}, 502, "payment-provider-unavailable"),
        ({"drop_connection": True}, 502, "payment-provider-unavailable"),
        ({"status": 401}, 502, "payment-provider-unavailable"),
        ({"status": 409}, 409, "conflict"),
        ({"status": 400}, 409, "payment-provider-refused"),
    ],
    ids=["500", "429", "hangs up", "refuses our key", "busy", "refuses"],
)
@pytest.mark.parametrize(("verb", "body"), [("change-plan", YEARLY), ("portal", None)])
def test_each_trouble_has_its_answer(
    owner: Owner, fault: Document, status: int, slug: str, verb: str, body: Document | None
) -> None:
    before = price_at_stripe(owner)
    owner.fault(**fault, method="POST")
    refused = owner.post(verb, body)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (status, slug)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "sk_" not in refused.text
    _well_again(owner)
    assert is_unchanged(owner, before)


@pytest.mark.parametrize(
    "slow",
    [
        {"delay_ms": 12_000, "count": 1},
        {"delay_ms": 5_000, "count": 2},  # each within its time, but not both
        {"drip_ms": 500, "count": 1},  # no read of the socket ever waits long
    ],
    ids=["one slow call", "two slow calls", "a dripping answer"],
)
def test_nobody_waits_ten_seconds(owner: Owner, slow: dict[str, Any]) -> None:
    owner.fault(path="/v1/subscriptions", **slow)
    began = time.monotonic()
    refused = owner.post("cancel")
    assert refused.status_code == 502
    assert time.monotonic() - began < LONGEST_WAIT


def test_a_lost_answer_is_repeated_under_its_key_and_charged_once(owner: Owner) -> None:
    key = secrets.token_hex(8)
    path = f"/v1/subscriptions/{owner.subscription_id}"
    owner.fault(path=path, method="POST", drop_connection=True, after=True, count=1)
    assert owner.post("change-plan", YEARLY, key=key).status_code == 502
    again = owner.post("change-plan", YEARLY, key=key)
    assert again.status_code == 200, again.text
    assert again.json()["price"]["interval"] == "year"
    assert len(owner.invoices()) == 2


def test_stripe_knows_every_try_of_a_request_by_one_key(owner: Owner) -> None:
    key = secrets.token_hex(8)
    owner.fault(path="/v1/subscriptions", method="POST", status=503, count=1)
    assert owner.post("cancel", key=key).status_code == 502
    assert owner.post("cancel", key=key).status_code == 200
    updates = owner.stripe("events?type=customer.subscription.updated")["data"]
    ours = [each for each in updates if each["data"]["object"]["id"] == owner.subscription_id]
    row = IdempotentRequest.objects.get(key=key)
    assert ours[0]["request"]["idempotency_key"] == f"owner-{row.pk}"


def test_an_outage_is_not_kept_as_the_answer(owner: Owner) -> None:
    key = secrets.token_hex(8)
    owner.fault(path="/v1/subscriptions", status=503)
    assert owner.post("cancel", key=key).status_code == 502
    _well_again(owner)
    assert owner.post("cancel", key=key).status_code == 200
    assert owner.at_stripe["cancel_at_period_end"] is True


def test_reading_needs_no_stripe_at_all(owner: Owner) -> None:
    owner.fault(status=500)
    shown = owner.get()
    assert (shown["status"], shown["next_charge_known"]) == ("active", False)
    assert owner.get("/api/invoices/")["results"]


def _well_again(owner: Owner) -> None:
    requests.delete(f"{owner.shop.mock}/_control/faults", timeout=10).raise_for_status()
