"""A buyer who comes back from Stripe's page: goes on, changes the order, gives it up, buys it once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any

import psycopg
import pytest
import requests

from tests.customer import Order, Shop, until
from tests.journeys.asking import is_available

Document = dict[str, Any]


class Left:
    """A sign-up whose buyer has left the payment page."""

    def __init__(self, shop: Shop, order: Order | None = None) -> None:
        self.shop = shop
        self.order = order or Order(plan="professional")
        answer = shop.order(self.order)
        assert answer.status_code == 201, answer.text
        started = answer.json()
        self.signup_id, self.session_id = started["signup_id"], started["session_id"]
        self.checkout_url = started["checkout_url"]

    def ask(self, method: str, body: Document | None = None, **headers: str) -> requests.Response:
        """Ask for the sign-up by its id."""
        url = f"{self.shop.url}/api/billing/signups/{self.signup_id}/"
        return requests.request(method, url, json=body, headers=headers, timeout=60)

    def shown(self) -> Document:
        """Return the sign-up as it is told."""
        answer = self.ask("GET")
        assert answer.status_code == 200, answer.text
        told: Document = answer.json()
        return told

    def change(self, **changes: str) -> Document:
        """Change it, and return it as it is told."""
        answer = self.ask("PATCH", changes)
        assert answer.status_code == 200, answer.text
        told: Document = answer.json()
        return told


@pytest.fixture
def left(shop: Shop) -> Left:
    """Eleni, who has left the payment page."""
    return Left(shop)


def at_stripe(shop: Shop, session_id: str) -> Document:
    """Return a checkout session as Stripe has it."""
    auth = (shop.stack.env["STRIPE_SECRET_KEY"], "")
    url = f"{shop.mock}/v1/checkout/sessions/{session_id}"
    found: Document = requests.get(url, auth=auth, timeout=10).json()
    return found


def payable(shop: Shop, email: str) -> list[str]:
    """Return the sessions that somebody could pay at for this address."""
    auth = (shop.stack.env["STRIPE_SECRET_KEY"], "")
    url = f"{shop.mock}/v1/checkout/sessions"
    asked = {"customer_details[email]": email, "status": "open", "limit": "100"}
    found = requests.get(url, params=asked, auth=auth, timeout=10).json()
    return [each["id"] for each in found["data"]]


def bought_price(shop: Shop, session_id: str) -> Document:
    """Return the price that a session sells."""
    auth = (shop.stack.env["STRIPE_SECRET_KEY"], "")
    url = f"{shop.mock}/v1/checkout/sessions/{session_id}/line_items"
    price: Document = requests.get(url, auth=auth, timeout=10).json()["data"][0]["price"]
    return price


# --- Reading --------------------------------------------------------------------------------------


def test_the_buyer_reads_what_they_typed_and_goes_on_paying(left: Left) -> None:
    answer = left.ask("GET")

    assert "no-store" in answer.headers["Cache-Control"]
    shown = answer.json()
    assert shown["order"] == {**asdict(left.order), "tax_id": ""}
    assert (shown["status"], shown["signup_id"]) == ("awaiting_payment", left.signup_id)
    assert (shown["session_id"], shown["checkout_url"]) == (left.session_id, left.checkout_url)
    assert shown["status_url"].endswith(f"/api/billing/checkout/{left.session_id}/")
    assert shown["expires_at"]


def test_a_sign_up_that_nobody_has_is_not_found(shop: Shop) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        url = f"{shop.url}/api/billing/signups/{uuid.uuid4()}/"
        answer = requests.request(method, url, json={}, timeout=60)
        assert answer.status_code == 404, method
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_once_it_is_paid_nothing_personal_is_told_and_nothing_changes(left: Left) -> None:
    left.shop.pay(left.session_id)
    left.shop.wait_for(left.session_id)

    told = left.ask("GET")
    assert told.json() == {
        "signup_id": left.signup_id, "status": "ready", "order": None, "checkout_url": None,
        "expires_at": None, "session_id": left.session_id,
        "status_url": f"{left.shop.url}/api/billing/checkout/{left.session_id}/",
    }  # fmt: skip
    for method in ("PATCH", "DELETE"):
        refused = left.ask(method, {"interval": "year"})
        assert refused.status_code == 409
        assert refused.json()["type"].endswith("already-paid")
        assert refused.json()["status_url"] == told.json()["status_url"]
        assert left.order.email not in refused.text


# --- Changing -------------------------------------------------------------------------------------


def test_a_change_brings_another_payment_page_and_closes_the_one_before(left: Left) -> None:
    changed = left.change(interval="year", plan="starter", organization="Sunny Court & Sons")

    assert changed["signup_id"] == left.signup_id
    assert changed["checkout_url"] != left.checkout_url
    assert changed["order"] == {
        **asdict(left.order), "interval": "year", "plan": "starter", "tax_id": "",
        "organization": "Sunny Court & Sons",
    }  # fmt: skip
    assert changed == left.shown()
    assert at_stripe(left.shop, left.session_id)["status"] == "expired"
    assert payable(left.shop, left.order.email) == [changed["session_id"]]
    assert bought_price(left.shop, changed["session_id"])["recurring"]["interval"] == "year"


def test_the_changed_order_is_what_opens(left: Left) -> None:
    other = Order()
    changed = left.change(subdomain=other.subdomain, interval="year", email=other.email)
    assert is_available(left.shop, left.order.subdomain)
    assert not is_available(left.shop, other.subdomain)

    left.shop.pay(changed["session_id"])
    progress = left.shop.wait_for(changed["session_id"])

    assert other.subdomain in progress["workspace_url"]
    assert until(lambda: left.shop.mails_to(other.email))
    assert not left.shop.mails_to(left.order.email)


def test_the_same_again_changes_nothing(left: Left) -> None:
    first = left.change(interval="year")
    assert left.change(interval="year") == first
    assert left.change() == first
    assert payable(left.shop, left.order.email) == [first["session_id"]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"interval": "decade"}, "interval"), ({"plan": "gold"}, "plan"),
        ({"subdomain": "admin"}, "subdomain"), ({"email": "nobody"}, "email"),
        ({"organization": ""}, "organization"), ({"first_name": "<b>"}, "first_name"),
        ({"frontend_url": "https://evil.example"}, "frontend_url"),
    ],
)  # fmt: skip
def test_a_bad_change_is_named_by_field_and_leaves_all_as_it_was(
    left: Left, changes: Document, field: str
) -> None:
    before = left.shown()
    refused = left.ask("PATCH", changes)
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == [field]
    assert left.shown() == before
    assert payable(left.shop, left.order.email) == [left.session_id]


def test_a_change_to_a_name_that_somebody_has_is_refused_and_leaves_all_as_it_was(
    left: Left, shop: Shop
) -> None:
    neighbour = Left(shop)
    refused = left.ask("PATCH", {"subdomain": neighbour.order.subdomain})
    assert refused.status_code == 409
    assert list(refused.json()["errors"]) == ["subdomain"]
    assert payable(shop, left.order.email) == [left.session_id]
    assert payable(shop, neighbour.order.email) == [neighbour.session_id]


def test_the_own_name_is_not_taken_for_its_own_buyer(left: Left) -> None:
    name = left.order.subdomain
    url = f"{left.shop.url}/api/billing/subdomains/{name}/"
    asked = [
        requests.get(url, params=params, timeout=60).json()["available"]
        for params in ({}, {"signup": left.signup_id}, {"signup": str(uuid.uuid4())}, {"signup": "x"})
    ]  # fmt: skip
    assert asked == [False, True, False, False]


# --- The payment was quicker, or Stripe is away ---------------------------------------------------


def test_whoever_has_paid_meanwhile_is_led_to_the_workspace(left: Left) -> None:
    """Stripe's word decides: we have not heard of the payment when the change is asked for."""
    left.shop.control("delivery", {"drop": True}).raise_for_status()
    try:
        left.shop.pay(left.session_id)
        answers = [left.ask("PATCH", {"interval": "year"}), left.ask("DELETE")]
        again = left.shop.order(replace(left.order, interval="year"))
    finally:
        left.shop.control("delivery", {"drop": False}).raise_for_status()
    for refused in (*answers, again):
        assert refused.status_code == 409, refused.text
        assert refused.json()["type"].endswith("already-paid")
        assert left.session_id in refused.json()["status_url"]
    assert payable(left.shop, left.order.email) == []
    left.shop.control(
        "events", {"type": "checkout.session.completed", "object_id": left.session_id}
    )
    assert left.shop.wait_for(left.session_id)["status"] == "ready"


@pytest.mark.parametrize("path", ["/v1/checkout/sessions", "/expire"])
@pytest.mark.parametrize("after", [False, True])
def test_a_stripe_that_is_away_leaves_an_order_that_goes_on(
    left: Left, path: str, after: bool
) -> None:
    where = f"/v1/checkout/sessions/{left.session_id}/expire" if path == "/expire" else path
    fault = {"path": where, "method": "POST", "drop_connection": True, "after": after, "count": 1}
    before = left.shown()
    left.shop.control("faults", fault).raise_for_status()
    assert left.ask("PATCH", {"interval": "year"}).status_code == 502
    if not (after and path == "/expire"):  # whose answer was lost: Stripe has closed it
        assert left.shown() == before
        assert at_stripe(left.shop, left.session_id)["status"] == "open"

    changed = left.change(interval="year")

    assert changed["order"]["subdomain"] == left.order.subdomain
    left.shop.pay(changed["session_id"])
    left.shop.wait_for(changed["session_id"])


def test_nobody_gives_up_while_stripe_is_away(left: Left) -> None:
    where = f"/v1/checkout/sessions/{left.session_id}/expire"
    fault = {"path": where, "method": "POST", "drop_connection": True, "count": 1}
    before = left.shown()
    left.shop.control("faults", fault).raise_for_status()
    assert left.ask("DELETE").status_code == 502
    assert left.shown() == before
    assert left.ask("DELETE").status_code == 204


def test_changes_at_once_leave_one_payment_page_the_last_one_told(left: Left) -> None:
    wishes = [{"interval": "year"}, {"plan": "starter"}, {"plan": "enterprise"}, {"last_name": "X"}]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda wish: left.ask("PATCH", wish), wishes))
    assert {answer.status_code for answer in answers} <= {200, 502}, "late is a decided answer, too"
    shown = left.shown()
    assert payable(left.shop, left.order.email) == [shown["session_id"]]
    left.shop.pay(shown["session_id"])
    left.shop.wait_for(shown["session_id"])


def test_a_payment_and_a_change_at_once_leave_one_paid_order(shop: Shop) -> None:
    for _ in range(4):
        left = Left(shop)
        with ThreadPoolExecutor(2) as pool:
            paying = pool.submit(
                shop.control, f"sessions/{left.session_id}/complete", {"outcome": "paid"}
            )
            changing = pool.submit(left.ask, "PATCH", {"interval": "year"})
        if paying.result().ok:
            assert changing.result().status_code == 409
            assert shop.wait_for(left.session_id)["status"] == "ready"
            assert payable(shop, left.order.email) == []
        else:
            assert changing.result().status_code == 200
            assert payable(shop, left.order.email) == [left.shown()["session_id"]]


# --- Giving up ------------------------------------------------------------------------------------


def test_whoever_gives_up_is_forgotten_and_the_name_is_free_at_once(left: Left) -> None:
    for _ in range(2):
        assert left.ask("DELETE").status_code == 204
        assert is_available(left.shop, left.order.subdomain)
    told = left.ask("GET")
    assert told.json()["status"] == "expired"
    assert told.json()["order"] is told.json()["checkout_url"] is None
    assert payable(left.shop, left.order.email) == []
    assert left.ask("PATCH", {"interval": "year"}).status_code == 410
    with psycopg.connect(left.shop.stack.database_url) as connection:
        kept = connection.execute(
            "SELECT to_jsonb(s)::text FROM onboarding_signup s WHERE id = %s", [left.signup_id]
        ).fetchone()
    assert kept
    for said in (left.order.email, left.order.last_name, left.order.organization):
        assert said not in kept[0]
    assert left.shop.order(replace(left.order, email="nikos@example.org")).status_code == 201


def test_an_expired_order_is_taken_up_again_if_the_name_is_still_free(left: Left) -> None:
    left.shop.pay(left.session_id, "expired")
    until(lambda: left.shown()["status"] == "expired")
    assert left.shown()["order"] == {**asdict(left.order), "tax_id": ""}
    assert left.shown()["checkout_url"] is None

    again = left.change()

    assert again["status"] == "awaiting_payment"
    left.shop.pay(again["session_id"])
    left.shop.wait_for(again["session_id"])


def test_an_expired_order_whose_name_was_taken_meanwhile_asks_for_another(left: Left) -> None:
    left.shop.pay(left.session_id, "expired")
    until(lambda: is_available(left.shop, left.order.subdomain))
    Left(left.shop, replace(left.order, email="nikos@example.org"))
    assert left.ask("PATCH", {}).status_code == 409
    other = Order().subdomain
    assert left.change(subdomain=other)["order"]["subdomain"] == other


# --- The same buyer begins anew -------------------------------------------------------------------


def test_the_same_buyer_may_order_anew_and_only_the_new_order_can_be_paid(left: Left) -> None:
    yearly = replace(left.order, interval="year")
    answer = left.shop.order(yearly)

    assert answer.status_code == 201, answer.text
    anew = answer.json()
    assert anew["signup_id"] != left.signup_id, "who guessed the order can't read the first one"
    assert payable(left.shop, left.order.email) == [anew["session_id"]]
    assert bought_price(left.shop, anew["session_id"])["recurring"]["interval"] == "year"
    assert (left.shown()["status"], left.shown()["order"]) == ("expired", None)
    assert left.ask("PATCH", {"interval": "month"}).status_code == 410, (
        "it would find its own name taken"
    )
    left.shop.pay(anew["session_id"])
    progress = left.shop.wait_for(anew["session_id"])
    assert left.order.subdomain in progress["workspace_url"]


@pytest.mark.parametrize("field", ["email", "organization", "first_name", "last_name"])
def test_anybody_else_finds_the_name_taken(left: Left, field: str) -> None:
    other = replace(left.order, interval="year")
    setattr(other, field, "else@example.org" if field == "email" else "Else")
    refused = left.shop.order(other)
    assert refused.status_code == 409
    assert payable(left.shop, left.order.email) == [left.session_id]


def test_the_same_buyer_at_once_has_one_order_that_can_be_paid(left: Left) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: left.shop.order(left.order), range(4)))
    assert {answer.status_code for answer in answers} <= {201, 409, 502}
    assert len(payable(left.shop, left.order.email)) == 1


def test_a_stripe_that_is_away_leaves_the_same_buyer_the_earlier_order(left: Left) -> None:
    fault = {"path": "/v1/checkout/sessions", "method": "POST", "drop_connection": True, "count": 1}
    left.shop.control("faults", fault).raise_for_status()
    assert left.shop.order(replace(left.order, interval="year")).status_code == 502
    assert left.shown()["status"] == "awaiting_payment"
    assert payable(left.shop, left.order.email) == [left.session_id]
