"""Orders: what is refused, what is answered again, and what Stripe is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.customer import PASSWORD, Order, Shop
from tests.journeys.asking import is_available


def test_two_buyers_racing_for_a_name_get_one_201_and_one_409(shop: Shop) -> None:
    name = Order().subdomain
    orders = [Order(subdomain=name, email=f"{who}@example.org") for who in ("eleni", "nikos")]

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(shop.order, orders))

    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert "subdomain" in refused.json()["errors"]


def test_a_taken_name_is_refused_rather_than_changed(shop: Shop) -> None:
    workspace = shop.buy()

    refused = shop.order(Order(subdomain=workspace.order.subdomain, email="nikos@example.org"))

    assert refused.status_code == 409
    assert not is_available(shop, workspace.order.subdomain)


def test_the_same_key_gets_the_same_answer_and_another_body_422(shop: Shop) -> None:
    order = Order()
    key = {"Idempotency-Key": f"key-{order.subdomain}"}
    first = shop.order(order, **key)

    again = shop.order(order, **key)
    other = shop.order(Order(), **key)

    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("organization", ""),
        ("organization", "Click https://evil.example"),
        ("first_name", "<b>Eleni</b>"),
        ("last_name", "x" * 81),
        ("plan", "gold"),
        ("interval", "decade"),
        ("subdomain", "ab"),
        ("subdomain", "a" * 41),
        ("subdomain", "-sunny"),
        ("subdomain", "sunny_court"),
        ("subdomain", "πολυκατοικία"),
        ("subdomain", "xn--sunny"),
        ("subdomain", "admin"),
        ("subdomain", "my-stripe-shop"),
    ],
)
def test_bad_input_is_named_by_field(shop: Shop, field: str, value: str) -> None:
    order = Order()
    setattr(order, field, value)

    answer = shop.order(order)

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]
    if field != "subdomain":
        assert is_available(shop, order.subdomain)


def test_stripe_is_told_what_would_open_the_workspace_again_and_nothing_personal(
    shop: Shop,
) -> None:
    order = Order(plan="starter")
    answer = shop.order(order).json()
    auth = (shop.stack.env["STRIPE_SECRET_KEY"], "")
    url = f"{shop.mock}/v1/checkout/sessions/{answer['session_id']}"

    shop.pay(answer["session_id"], "trial")
    session = requests.get(url, auth=auth, timeout=10).json()
    subscription_url = f"{shop.mock}/v1/subscriptions/{session['subscription']}"
    subscription = requests.get(subscription_url, auth=auth, timeout=10).json()

    only = {
        "signup_id": answer["signup_id"], "base_domain": shop.stack.env["TENANT_BASE_DOMAIN"],
        "organization": order.organization, "subdomain": order.subdomain, "plan": "starter",
        "interval": "month", "language": "en",
    }  # fmt: skip
    assert session["client_reference_id"] == answer["signup_id"]
    assert session["metadata"] == only
    assert subscription["metadata"] == only
    assert session["mode"] == "subscription"


def test_an_order_with_a_strangers_address_takes_over_nothing(shop: Shop) -> None:
    victim = shop.buy()
    victim.set_password()
    attacker = shop.buy(Order(email=victim.order.email))

    key = attacker.key()
    answer = victim.request(
        "POST",
        "/_allauth/app/v1/auth/password/reset",
        json={"key": key, "password": "stolen-courtyard-99"},
    )

    assert answer.status_code == 400
    assert victim.token(PASSWORD)


def test_money_is_integers_all_the_way(shop: Shop) -> None:
    plans = requests.get(f"{shop.url}/api/billing/plans/", timeout=10).json()

    amounts = [price["unit_amount"] for plan in plans for price in plan["prices"]]

    assert amounts
    assert all(type(amount) is int for amount in amounts)


def test_many_threads_ordering_at_once_are_all_answered(shop: Shop) -> None:
    orders = [Order() for _ in range(12)]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda order=order: answers.append(shop.order(order).status_code))
        for order in orders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [201] * len(orders)
