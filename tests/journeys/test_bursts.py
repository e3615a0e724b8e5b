"""Many at once: repeats have one effect, and different sign-ups never meet."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.customer import Order, Shop, until


def test_twenty_deliveries_of_one_event_open_one_workspace_and_send_one_mail(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)
    shop.control("delivery", {"drop": True}).raise_for_status()
    try:
        shop.pay(session_id)
        event = json.dumps(_event(session_id))
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: shop.deliver(event), range(20)))
    finally:
        shop.control("delivery", {"drop": False}).raise_for_status()

    assert [answer.status_code for answer in answers] == [200] * 20
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 19
    shop.wait_for(session_id)
    _assert_single(shop, order)


def test_two_event_ids_for_one_session_open_one_workspace_and_send_one_mail(shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)
    shop.control("delivery", {"drop": True}).raise_for_status()
    try:
        shop.pay(session_id)
        events = [json.dumps(_event(session_id)) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(shop.deliver, events))
    finally:
        shop.control("delivery", {"drop": False}).raise_for_status()

    assert [answer.json()["duplicate"] for answer in answers] == [False, False]
    shop.wait_for(session_id)
    _assert_single(shop, order)


def test_fifty_sign_ups_completing_at_once_get_fifty_workspaces(shop: Shop) -> None:
    orders = [Order(organization=f"House {number}") for number in range(50)]
    with ThreadPoolExecutor(10) as pool:
        sessions = list(pool.map(shop.check_out, orders))

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(shop.pay, sessions))
    urls = {shop.wait_for(session, within=120)["workspace_url"] for session in sessions}

    assert len(urls) == len(orders)
    rows = {row["subdomain"]: row for row in shop.tenants()}
    ours = [rows[order.subdomain] for order in orders]
    assert len({row["schema"] for row in ours}) == len(orders)
    assert [row["name"] for row in ours] == [order.organization for order in orders]
    assert [row["owner_email"] for row in ours] == [order.email for order in orders]
    for order in orders:
        _await_mail(shop, order)


def _await_mail(shop: Shop, order: Order) -> None:
    until(lambda: shop.mails_to(order.email), within=60)


def _assert_single(shop: Shop, order: Order) -> None:
    until(lambda: shop.mails_to(order.email))
    until(lambda: all(row["status"] != "received" for row in shop.events()), within=60)
    assert len(shop.mails_to(order.email)) == 1
    assert len([row for row in shop.tenants() if row["owner_email"] == order.email]) == 1


def _event(session_id: str) -> dict[str, Any]:
    return {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": "checkout.session.completed",
        "api_version": "2026-10-28.endive",
        "livemode": False,
        "created": 1_795_000_000,
        "data": {"object": {"id": session_id, "object": "checkout.session"}},
    }
