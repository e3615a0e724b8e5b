"""Customers who check out and pay, and how long each waits for the workspace."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg
import requests

from devstack.stack import Stack

TIMES = """
    SELECT s.checkout_session_id, extract(epoch FROM min(e.received_at)),
        extract(epoch FROM s.ready_at)
    FROM onboarding_signup s JOIN billing_stripeevent e ON e.object_id = s.checkout_session_id
    WHERE s.ready_at IS NOT NULL AND s.checkout_session_id = ANY(%s) GROUP BY s.id
"""
ANSWER_SECONDS = 120
LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Times:
    """When the first webhook of a purchase was stored, and when its workspace was ready."""

    received: float
    ready: float


def order(stack: Stack) -> str:
    """Check out, and return the checkout session's id."""
    label = f"bench-{secrets.token_hex(6)}"
    body = {
        "organization": "Bench", "subdomain": label, "email": f"{label}@bench.example",
        "first_name": "Be", "last_name": "Nch", "plan": "professional", "interval": "month",
    }  # fmt: skip
    url = f"http://127.0.0.1:{stack.web_port}/api/billing/checkout/"
    answer = requests.post(url, json=body, timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    return str(answer.json()["session_id"])


def pay(stack: Stack, session: str) -> float:
    """Pay, which makes Stripe send its webhooks; return when that was, in seconds of the epoch."""
    at = time.time()
    url = f"{stack.mock_url}/_control/sessions/{session}/complete"
    requests.post(url, json={"outcome": "paid"}, timeout=ANSWER_SECONDS).raise_for_status()
    return at


def pay_at_once(stack: Stack, sessions: Iterable[str]) -> dict[str, float]:
    """Let all of them pay in the same moment; return when each did."""
    sessions = list(sessions)
    with ThreadPoolExecutor(len(sessions)) as people:
        return dict(zip(sessions, people.map(lambda one: pay(stack, one), sessions), strict=True))


def buy_steadily(stack: Stack, *, a_second: int, seconds: int) -> dict[str, float]:
    """Let so many a second check out and pay, whether or not the earlier ones were served."""

    def come(number: int) -> tuple[str, float]:
        time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
        session = order(stack)
        return session, pay(stack, session)

    begun = time.monotonic()
    with ThreadPoolExecutor(64) as people:
        return dict(people.map(come, range(a_second * seconds)))


def wait_for(stack: Stack, sessions: Iterable[str], *, patience: float) -> Mapping[str, Times]:
    """Return the times of those whose workspace is ready within `patience` seconds."""
    wanted = list(sessions)
    deadline = time.monotonic() + patience
    while True:
        with psycopg.connect(stack.database_url) as database:
            rows = database.execute(TIMES, [wanted]).fetchall()
        if len(rows) == len(wanted) or time.monotonic() > deadline:
            return {session: Times(float(got), float(done)) for session, got, done in rows}
        time.sleep(LOOK_SECONDS)
