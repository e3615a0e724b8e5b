"""Payments that come late, fail, or never come; and what becomes of the name."""

from __future__ import annotations

import psycopg
import requests

from tests.customer import Order, Shop, until
from tests.journeys.asking import is_available


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
    assert is_available(shop, order.subdomain)


def test_an_invoice_that_is_paid_after_the_debit_failed_opens_the_workspace(shop: Shop) -> None:
    """Case 5: its session stays as it was, and says nothing of that."""
    order = Order()
    session_id = shop.check_out(order)
    shop.pay(session_id, "async_pending")
    failed = shop.control(f"sessions/{session_id}/complete", {"outcome": "declined"}).json()
    shop.wait_for(session_id, "failed")
    assert is_available(shop, order.subdomain)

    page = f"{shop.mock}/invoice/{failed['invoice']}"  # where Stripe's mail leads to
    assert requests.post(page, data={"action": "pay"}, timeout=60).ok

    assert order.subdomain in shop.wait_for(session_id)["workspace_url"]


def test_a_declined_card_keeps_the_name_for_another_try(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)

    shop.pay(session_id, "declined")
    assert not is_available(shop, order.subdomain)

    shop.pay(session_id, "paid")
    shop.wait_for(session_id)


def test_an_expired_session_frees_the_name(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)
    assert not is_available(shop, order.subdomain)

    shop.pay(session_id, "expired")

    shop.wait_for(session_id, "expired")
    assert is_available(shop, order.subdomain)
    shop.buy(Order(subdomain=order.subdomain, email="nikos@example.org"))


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
