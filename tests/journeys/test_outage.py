"""Stripe and the mail server away together for a whole minute: nobody who paid is forgotten."""

from __future__ import annotations

import time

import requests

from devstack.stack import Stack
from tests.customer import Order, Shop, until

# The reason for the wait: each failed try waits twice as long for the next, so an outage of seconds
# ends before the second or third. Only a real minute drives events and mails to the long waits.
OUTAGE_SECONDS = 60
# After the outage the next try may be as far away as the last one was long.
CATCHING_UP_SECONDS = 150


def test_a_minute_without_stripe_and_mail_loses_no_sign_up(breakable: Stack) -> None:
    shop = Shop(breakable)
    orders = [Order() for _ in range(4)]
    sessions = [shop.check_out(order) for order in orders]
    began = time.monotonic()
    shop.control("faults", {"status": 503, "path": "/v1/"}).raise_for_status()
    breakable.stop_part("mail")

    for number, session_id in enumerate(sessions):
        _wait_until(began + number * OUTAGE_SECONDS / len(sessions))
        shop.pay(session_id)
        _heard_of(shop, session_id)
    late = Order()
    assert shop.order(late).status_code == 502
    _wait_until(began + OUTAGE_SECONDS)
    assert _most_tries(shop, sessions) >= 4
    assert {shop.progress(session_id)["status"] for session_id in sessions} == {"awaiting_payment"}

    requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()
    breakable.start_part("mail")
    for session_id in sessions:
        shop.wait_for(session_id, within=CATCHING_UP_SECONDS)
    orders.append(shop.buy(late).order)
    for order in orders:
        _written_to(shop, order)
    assert [len(shop.mails_to(order.email)) for order in orders] == [1] * len(orders)
    opened = [row["owner_email"] for row in shop.tenants() if row["status"] == "active"]
    assert [opened.count(order.email) for order in orders] == [1] * len(orders)


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _heard_of(shop: Shop, session_id: str) -> None:
    until(lambda: any(row["object_id"] == session_id for row in shop.events()))


def _written_to(shop: Shop, order: Order) -> None:
    until(lambda: shop.mails_to(order.email), within=CATCHING_UP_SECONDS)


def _most_tries(shop: Shop, sessions: list[str]) -> int:
    return max(int(row["attempts"]) for row in shop.events() if row["object_id"] in sessions)
