"""A web process that is killed between holding a name and Stripe's answer: the same key goes on."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest
import requests

from devstack.stack import Stack
from tests.customer import Order, Shop, until

KEY = "Idempotency-Key"


@pytest.mark.parametrize("stripe", ["heard", "did not hear"])
def test_a_buyer_whose_web_process_was_killed_goes_on_with_the_same_key(
    breakable: Stack, stripe: str
) -> None:
    shop, order = Shop(breakable), Order()
    key = {KEY: f"killed-{order.subdomain}"}
    slow = {"delay_ms": 6000, "path": "/v1/checkout/sessions", "count": 1}
    shop.control("faults", {**slow, "after": stripe == "heard"}).raise_for_status()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(partial(shop.order, order, **key))
        until(lambda: _held(shop, order) == 1)
        assert shop.order(order, **key).status_code == 409, "somebody is at work on it"
        time.sleep(1)  # Stripe has been asked by now
        breakable.kill_part("web")
        with pytest.raises(requests.ConnectionError):
            asking.result()
    breakable.start_part("web")
    began = time.monotonic()

    answer = until(lambda: (got := shop.order(order, **key)).status_code == 201 and got, within=5)

    assert time.monotonic() - began < 5
    assert answer.json() == shop.order(order, **key).json()
    assert _held(shop, order) == 1, "the same sign-up"
    shop.pay(str(answer.json()["session_id"]))
    shop.wait_for(str(answer.json()["session_id"]))


def _held(shop: Shop, order: Order) -> int:
    with psycopg.connect(shop.stack.database_url) as connection:
        asked = "SELECT count(*) FROM onboarding_signup WHERE subdomain = %s"
        [[count]] = connection.execute(asked, [order.subdomain]).fetchall()
    return int(count)
