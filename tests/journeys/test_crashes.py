"""Whatever dies, and whenever: every paid sign-up ends ready, with one tenant and one mail.

A step is caught in the act by a lock that the test holds on the table which that step writes.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
import requests
from psycopg import sql

from devstack.stack import Stack
from devstack.supervisor import Supervisor
from tests.customer import Order, Shop, until

SPARES = "SELECT schema_name FROM tenants_tenant WHERE claimed_at IS NULL"
# Each step of open_workspace, and the table that it waits for; {spares}: in the spare's own schema.
STEPS = {
    "the event is taken": ["billing_stripeevent"],
    "a tenant is claimed": ["tenants_tenant"],
    "the address is given": ["tenants_domain"],
    "the owner is created": ["{spares}.accounts_user"],
    "the owner's address is noted": ["{spares}.account_emailaddress"],
    "the mail is promised": ["core_outgoingmail"],
    "the customer is linked": ["billing_customer"],
    "the subscription is mirrored": ["billing_subscription"],
}


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_killed_while(breakable: Stack, step: str) -> None:
    shop = Shop(breakable)
    order = Order()
    session_id = shop.check_out(order)
    _quiet_pool(breakable)
    # The inbox must take the event before its table is locked: so the worker is away at first.
    breakable.stop_part("worker")
    shop.pay(session_id)
    until(lambda: _received(shop, session_id))

    with _held(breakable, STEPS[step]) as waiting:
        breakable.start_part("worker")
        until(waiting, otherwise=lambda: f"nobody came to {STEPS[step]}")
        breakable.kill_part("worker")
    breakable.start_part("worker")

    shop.wait_for(session_id, within=90)
    _assert_one_of_each(shop, order)


def test_a_web_process_killed_during_delivery(breakable: Stack) -> None:
    shop = Shop(breakable)
    order = Order()
    session_id = shop.check_out(order)

    with _held(breakable, ["billing_stripeevent"]) as waiting:
        shop.pay(session_id)
        until(waiting)
        breakable.kill_part("web")
    breakable.start_part("web")

    shop.wait_for(session_id, within=90)
    _assert_one_of_each(shop, order)


def test_postgresql_killed_in_the_middle(breakable: Stack) -> None:
    """The worker outlives it, and goes on when it is back."""
    shop = Shop(breakable)
    order = Order()
    session_id = shop.check_out(order)
    said: list[str] = []
    supervisor = Supervisor(breakable, say=said.append, changed=lambda: None)

    with _held(breakable, ["tenants_domain"]) as waiting:
        shop.pay(session_id)
        until(waiting)
        supervisor.start()
        os.killpg(breakable.pids["postgres"], signal.SIGKILL)
    try:
        until(lambda: any("postgres serves again" in line for line in said), within=60)
        shop.wait_for(session_id, within=120)
        _assert_one_of_each(shop, order)
    finally:
        supervisor.finish()


def test_a_mail_server_that_is_away(breakable: Stack) -> None:
    shop = Shop(breakable)
    order = Order()
    breakable.stop_part("mail")

    workspace = shop.buy(order)
    assert workspace.url
    time.sleep(5)
    breakable.start_part("mail")

    workspace.welcome_mail(within=90)
    _assert_one_of_each(shop, order)


def test_stripes_api_away_after_the_payment(breakable: Stack) -> None:
    shop = Shop(breakable)
    order = Order()
    session_id = shop.check_out(order)
    shop.control("faults", {"status": 503, "path": "/v1/"}).raise_for_status()
    shop.pay(session_id)
    until(lambda: _tries(shop, session_id) > 1, within=60)
    assert shop.progress(session_id)["status"] == "awaiting_payment"

    requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()

    shop.wait_for(session_id, within=90)
    _assert_one_of_each(shop, order)


def test_an_event_that_never_came_is_made_up_for(breakable: Stack) -> None:
    """Stripe's deliveries are lost: the sweep asks for sessions that are past their end."""
    shop = Shop(breakable)
    order = Order()
    session_id = shop.check_out(order)
    shop.control("delivery", {"drop": True}).raise_for_status()
    shop.pay(session_id)
    _let_session_end(breakable, session_id)

    shop.wait_for(session_id, within=90)
    _assert_one_of_each(shop, order)


def test_deliveries_are_taken_in_while_the_worker_is_away(breakable: Stack) -> None:
    shop = Shop(breakable)
    session_id = shop.check_out(Order())
    breakable.stop_part("worker")

    shop.pay(session_id)
    until(lambda: _received(shop, session_id))
    assert shop.progress(session_id)["status"] == "awaiting_payment"
    breakable.start_part("worker")

    shop.wait_for(session_id, within=60)


def _assert_one_of_each(shop: Shop, order: Order) -> None:
    until(lambda: shop.mails_to(order.email), within=60)
    time.sleep(2)  # for a second mail that must not come
    assert len(shop.mails_to(order.email)) == 1
    rows = [row for row in shop.tenants() if row["owner_email"] == order.email]
    assert [row["status"] for row in rows] == ["active"]
    assert rows[0]["subdomain"] == order.subdomain
    _assert_no_half_built_schema(shop.stack)


def _assert_no_half_built_schema(stack: Stack) -> None:
    with psycopg.connect(stack.database_url) as connection:
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%%'"
        ).fetchall()
        tenants = connection.execute(
            "SELECT schema_name FROM tenants_tenant WHERE provisioned_at IS NOT NULL"
        ).fetchall()
    assert set(schemas) == set(tenants)


def _tries(shop: Shop, session_id: str) -> int:
    return sum(row["attempts"] for row in shop.events() if row["object_id"] == session_id)


def _received(shop: Shop, session_id: str) -> bool:
    with psycopg.connect(shop.stack.database_url) as connection:
        found = connection.execute(
            "SELECT 1 FROM billing_stripeevent WHERE object_id = %s"
            " AND type = 'checkout.session.completed'",
            [session_id],
        ).fetchone()
    return found is not None


def _quiet_pool(stack: Stack) -> None:
    """Wait until the pool is full: a refill would wait for the locks that a test takes."""
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        until(lambda: len(connection.execute(SPARES).fetchall()) >= 5, within=60)


def _let_session_end(stack: Stack, session_id: str) -> None:
    with psycopg.connect(stack.database_url) as connection:
        connection.execute(
            "UPDATE onboarding_signup SET session_expires_at = now() WHERE checkout_session_id = %s",
            [session_id],
        )


@contextmanager
def _held(stack: Stack, tables: list[str]) -> Iterator[Callable[[], bool]]:
    """Hold tables against writers; gives a question: is somebody waiting for one of them?"""
    with (
        closing(psycopg.connect(stack.database_url)) as holder,
        closing(psycopg.connect(stack.database_url, autocommit=True)) as watcher,
    ):
        for table in tables:
            for name in _resolved(holder, table):
                holder.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(name))

        def waiting() -> bool:
            found = watcher.execute(
                "SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
            ).fetchone()
            return found is not None

        yield waiting


def _resolved(connection: psycopg.Connection[tuple[str]], table: str) -> list[sql.Identifier]:
    if not table.startswith("{spares}."):
        return [sql.Identifier(table)]
    name = table.removeprefix("{spares}.")
    return [sql.Identifier(row[0], name) for row in connection.execute(SPARES).fetchall()]
