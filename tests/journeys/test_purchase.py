"""A purchase, from the order to the owner's first sign-in, and every way in which it may go."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from tests.customer import PASSWORD, Order, Shop, until


def test_a_buyer_becomes_the_owner_of_a_workspace_and_signs_in(shop: Shop) -> None:
    workspace = shop.buy()
    workspace.set_password()

    token = workspace.token()

    me = workspace.request("GET", "/api/me/", headers={"Authorization": f"Bearer {token}"}).json()
    assert me["email"] == workspace.order.email
    assert me["role"] == "owner"
    assert me["organization"] == "Sunny Court"


def test_a_trial_opens_a_workspace_although_nothing_was_paid(shop: Shop) -> None:
    workspace = shop.buy(Order(plan="starter"), outcome="trial")

    row = until(
        lambda: next(
            (
                row
                for row in shop.tenants()
                if row["subdomain"] == workspace.order.subdomain and row["subscription_status"]
            ),
            None,
        )
    )

    assert row["status"] == "active"
    assert row["subscription_status"] == "trialing"
    assert row["plan"] == "starter"


def test_a_delayed_payment_opens_the_workspace_when_it_arrives(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)
    shop.pay(session_id, "async_pending")
    until(lambda: _events_about(shop, session_id, "checkout.session.completed"))
    assert shop.progress(session_id)["status"] == "awaiting_payment"

    shop.pay(session_id, "paid")

    assert shop.wait_for(session_id)["workspace_url"]


def test_a_delayed_payment_that_fails_gives_the_name_back(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)
    shop.pay(session_id, "async_pending")

    shop.pay(session_id, "declined")

    shop.wait_for(session_id, "failed")
    assert _available(shop, order.subdomain)


def test_a_declined_card_keeps_the_name_for_another_try(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)

    shop.pay(session_id, "declined")
    assert not _available(shop, order.subdomain)

    shop.pay(session_id, "paid")
    shop.wait_for(session_id)


def test_an_expired_session_frees_the_name(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)
    assert not _available(shop, order.subdomain)

    shop.pay(session_id, "expired")

    shop.wait_for(session_id, "expired")
    assert _available(shop, order.subdomain)
    shop.buy(Order(subdomain=order.subdomain, email="nikos@example.org"))


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
    assert not _available(shop, workspace.order.subdomain)


def test_the_same_key_gets_the_same_answer_and_another_body_422(shop: Shop) -> None:
    order = Order()
    key = {"Idempotency-Key": f"key-{order.subdomain}"}
    first = shop.order(order, **key)

    again = shop.order(order, **key)
    other = shop.order(Order(), **key)

    assert first.status_code == again.status_code == 201
    assert again.json() == first.json()
    assert other.status_code == 422


def test_stripe_is_told_the_signups_id_and_nothing_personal(shop: Shop) -> None:
    order = Order(plan="starter")
    answer = shop.order(order).json()
    auth = (shop.stack.env["STRIPE_SECRET_KEY"], "")
    url = f"{shop.mock}/v1/checkout/sessions/{answer['session_id']}"

    shop.pay(answer["session_id"], "trial")
    session = requests.get(url, auth=auth, timeout=10).json()
    subscription_url = f"{shop.mock}/v1/subscriptions/{session['subscription']}"
    subscription = requests.get(subscription_url, auth=auth, timeout=10).json()

    only = {"signup_id": answer["signup_id"]}
    assert session["client_reference_id"] == answer["signup_id"]
    assert session["metadata"] == only
    assert subscription["metadata"] == only
    assert session["mode"] == "subscription"


def test_progress_tells_times_and_address_but_nothing_personal(shop: Shop) -> None:
    workspace = shop.buy()
    workspace.welcome_mail()

    progress = until(
        lambda: (
            all(step["done_at"] for step in shop.progress(workspace.session_id)["steps"])
            and shop.progress(workspace.session_id)
        )
    )

    assert [step["name"] for step in progress["steps"]] == [
        "payment", "workspace", "address", "owner", "welcome_mail",
    ]  # fmt: skip
    assert set(progress) == {"status", "steps", "workspace_url"}
    text = str(progress)
    assert workspace.order.email not in text
    assert "set-password" not in text


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
        assert _available(shop, order.subdomain)


def test_when_stripe_is_down_the_buyer_hears_so_and_the_name_is_free(shop: Shop) -> None:
    order = Order()
    path = "/v1/checkout/sessions"
    shop.control("faults", {"status": 500, "path": path}).raise_for_status()
    try:
        answer = shop.order(order)
    finally:
        requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()

    assert answer.status_code == 502
    assert _available(shop, order.subdomain)
    shop.buy(order)


def test_when_stripe_hangs_the_buyer_waits_ten_seconds_at_most(shop: Shop) -> None:
    order = Order()
    path = "/v1/checkout/sessions"
    shop.control("faults", {"delay_ms": 30_000, "path": path}).raise_for_status()
    try:
        answer = shop.order(order)
    finally:
        requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()

    assert answer.status_code == 502
    assert answer.elapsed.total_seconds() < 10
    assert _available(shop, order.subdomain)


def test_a_completion_after_expiry_still_gets_a_workspace_under_a_near_name(shop: Shop) -> None:
    """The name was released, and somebody else has it: the customer has paid all the same."""
    order = Order()
    session_id = shop.check_out(order)
    _release(shop, session_id)
    stranger = shop.buy(Order(subdomain=order.subdomain, email="nikos@example.org"))

    shop.pay(session_id)
    progress = shop.wait_for(session_id)

    near = f"{order.subdomain}-2"
    assert progress["workspace_url"] != stranger.url
    assert near in progress["workspace_url"]
    mail = until(lambda: shop.mails_to(order.email))[0]
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"{near}.localhost" in body.get_content()
    assert order.subdomain in body.get_content().replace(near, "")


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


GUIDE = ("checkout.session.completed", "customer.subscription.created", "payment_intent.succeeded")


def test_the_guides_other_events_are_recorded(shop: Shop) -> None:
    workspace = shop.buy()

    schema = _schema(shop, workspace.order.subdomain)
    types = until(
        lambda: (
            (
                found := {
                    row["type"]: row["status"] for row in shop.events() if row["tenant"] == schema
                }
            )
            and set(GUIDE) <= {kind for kind, status in found.items() if status == "processed"}
            and found
        )
    )

    assert {types[kind] for kind in GUIDE} == {"processed"}
    with psycopg.connect(shop.stack.database_url) as connection:
        paid = connection.execute(
            "SELECT p.status, p.amount_received, p.currency FROM billing_payment p"
            " JOIN tenants_tenant t ON t.id = p.tenant_id WHERE t.owner_email = %s",
            [workspace.order.email],
        ).fetchall()
    assert paid == [("succeeded", 4900, "eur")]


def test_operators_see_the_workspace_and_its_events_in_their_lists(shop: Shop) -> None:
    workspace = shop.buy()

    tenants = shop.listed("tenant", "list", "--json")
    events = shop.listed("stripe_events", "list", "--json")

    row = next(row for row in tenants if row["subdomain"] == workspace.order.subdomain)
    assert set(row) == {
        "schema", "name", "subdomain", "primary_domain", "owner_email", "status", "plan",
        "subscription_status", "created_at",
    }  # fmt: skip
    assert (row["status"], row["owner_email"]) == ("active", workspace.order.email)
    assert row["primary_domain"] == f"{workspace.order.subdomain}.localhost"
    event = next(row for row in events if row["object_id"] == workspace.session_id)
    assert set(event) == {
        "id", "type", "status", "attempts", "error", "received_at", "processed_at", "object_id",
        "tenant",
    }  # fmt: skip


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


def _available(shop: Shop, label: str) -> bool:
    url = f"{shop.url}/api/billing/subdomains/{label}/"
    answer: bool = requests.get(url, timeout=10).json()["available"]
    return answer


def _schema(shop: Shop, subdomain: str) -> str:
    return str(next(row["schema"] for row in shop.tenants() if row["subdomain"] == subdomain))


def _events_about(shop: Shop, object_id: str, kind: str) -> list[str]:
    return [
        row["id"]
        for row in shop.events()
        if row["object_id"] == object_id and row["type"] == kind and row["status"] != "received"
    ]


def _release(shop: Shop, session_id: str) -> None:
    with psycopg.connect(shop.stack.database_url) as connection:
        connection.execute(
            "UPDATE onboarding_signup SET released_at = now() WHERE checkout_session_id = %s",
            [session_id],
        )
