"""However many events of others are due: who has paid is served at once, and so is what was lost.

Judged by the order in which things came to their end, not by the clock.
"""

from __future__ import annotations

import secrets
import uuid
from functools import partial
from typing import Any

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from billing import inbox
from billing.tasks import handle_event
from devstack.stack import Stack
from tests.billing.posting import event
from tests.core.web_stack import connected_to
from tests.customer import Order, Shop, until

BACKLOG = 3000
# So many of them may be done before: those that were under way, and some beside a slow purchase.
FEW = 1000
DONE_BEFORE = """
SELECT count(*) FROM billing_stripeevent
WHERE type = 'customer.subscription.updated' AND processed_at < %s
"""
READY_AND_SENT = """
SELECT s.ready_at, m.sent_at FROM onboarding_signup s
JOIN core_outgoingmail m ON m.kind = 'welcome' AND m.key = s.id || ':0'
WHERE s.checkout_session_id = %s AND m.sent_at IS NOT NULL
"""


@pytest.fixture
def busy(own_system: Stack, django_db_blocker: DjangoDbBlocker) -> Shop:
    """A system whose worker is away, with a customer about whom Stripe has said a great deal."""
    shop = Shop(own_system)
    shop.buy()
    mirrored = "SELECT id FROM billing_subscription WHERE tenant_id IS NOT NULL"
    [subscription_id] = until(lambda: _ask(shop, mirrored))[0]
    own_system.stop_part("worker")
    with django_db_blocker.unblock(), connected_to(own_system):
        for _ in range(BACKLOG):
            inbox.receive(_updated(subscription_id))
    return shop


def test_purchases_mails_and_whatever_lost_its_worker_overtake_three_thousand_events(
    busy: Shop,
) -> None:
    bought, forgotten, stalled = (_paid(busy) for _ in range(3))
    _lose_job(busy, forgotten)
    _lose_worker(busy, stalled)
    busy.stack.start_part("worker")

    for session_id in (bought, forgotten, stalled):
        [ends] = until(partial(_ask, busy, READY_AND_SENT, session_id), within=300)
        [[before]] = _ask(busy, DONE_BEFORE, max(ends))
        assert before < FEW, session_id


def test_two_hundred_late_sign_ups_keep_nobody_from_a_workspace_that_is_paid(
    own_system: Stack,
) -> None:
    shop = Shop(own_system)
    shop.control("delivery", {"drop": True}).raise_for_status()
    session_id = shop.check_out(Order())
    for _ in range(200):
        _ask(
            shop,
            "INSERT INTO onboarding_signup (id, organization, requested_subdomain, subdomain, email,"
            " first_name, last_name, language, plan, interval, source, checkout_session_id,"
            " checkout_url, session_expires_at, request_fingerprint, created_at, failure,"
            " welcome_mails) VALUES (%s, 'Late', %s, %s, 'l@late.example', 'L', 'Ate', 'en',"
            " 'starter', 'month', 'checkout', %s, '', now() - interval '1 h', '',"
            " now() - interval '2 h', '', 0) RETURNING id",
            uuid.uuid4(), label := f"late-{secrets.token_hex(6)}", label, f"cs_test_{label}",
        )  # fmt: skip
    shop.pay(session_id)
    _ask(
        shop,
        "UPDATE onboarding_signup SET paid_at = now() - interval '10 min'"
        " WHERE checkout_session_id = %s RETURNING id",
        session_id,
    )
    shop.wait_for(session_id, within=60)


def _updated(subscription_id: str) -> dict[str, Any]:
    about = {"id": subscription_id, "object": "subscription"}
    return event(type="customer.subscription.updated", data={"object": about})


def _paid(shop: Shop) -> str:
    session_id = shop.check_out(Order())
    shop.pay(session_id)
    until(lambda: _ask(shop, _EVENT, session_id))
    return session_id


def _lose_job(shop: Shop, session_id: str) -> None:
    """Let the event's job be gone, as with a queue that was restored from yesterday."""
    [[event_id]] = _ask(shop, _EVENT, session_id)
    _ask(shop, "DELETE FROM procrastinate_jobs WHERE args->>'event_id' = %s RETURNING id", event_id)


def _lose_worker(shop: Shop, session_id: str) -> None:
    """Let a worker have begun with the event, and be dead."""
    [[event_id]] = _ask(shop, _EVENT, session_id)
    began = """
        UPDATE procrastinate_jobs SET status = 'doing'
        WHERE args->>'event_id' = %s RETURNING task_name
        """
    assert _ask(shop, began, event_id) == [(handle_event.name,)]


_EVENT = """
SELECT id FROM billing_stripeevent
WHERE type = 'checkout.session.completed' AND object_id = %s
"""


def _ask(shop: Shop, query: str, *params: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(shop.stack.database_url) as connection:
        return connection.execute(query.encode(), params).fetchall()
