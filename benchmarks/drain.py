"""After an outage: thousands of events at once, and how soon somebody who buys then is `ready`."""

from __future__ import annotations

import time

import psycopg

from benchmarks import buyers
from benchmarks.figures import Report
from benchmarks.load import HOOK, Load, post
from benchmarks.world import add_spares, main, world
from devstack.stack import Stack

PATIENCE = 900
SPARES = 5  # as a pool has by default
LEFT = "SELECT count(*) FROM billing_stripeevent WHERE status = 'received'"


def measure(report: Report, quick: bool) -> None:
    """Let the flood in with the worker off, start it, and buy in the middle."""
    events = 1000 if quick else 20_000
    with world("mail", "mock_stripe") as stack:
        stack.command("plans", "plans", "push")
        add_spares(stack, SPARES)
        stack.start_part("web")
        load = Load(
            port=stack.web_port, path=HOOK, secret=stack.env["STRIPE_WEBHOOK_SECRET"], clients=8,
            seconds=600, events=events,
        )  # fmt: skip
        answers = post(load)
        report.add("flood taken", "events a second", [answers.rate])
        stack.start_part("worker")
        begun = time.monotonic()
        while _left(stack) == events:  # a worker takes seconds to start
            time.sleep(0.1)
        session = buyers.order(stack)
        paid = buyers.pay(stack, session)
        found = buyers.wait_for(stack, [session], patience=PATIENCE)
        waited = found[session].ready - paid
        left = _left(stack)
        report.add(
            "a purchase in the flood: to ready", "s", [waited],
            goal="within seconds", holds=lambda seconds: seconds <= 10,
        )  # fmt: skip
        report.add("still in the flood when it was ready", "events", [left])
        while _left(stack) and time.monotonic() - begun < 1800:
            time.sleep(0.5)
        rate = (events - _left(stack)) / (time.monotonic() - begun)
        report.add("flood drained", "events a second", [rate])


def _left(stack: Stack) -> int:
    with psycopg.connect(stack.database_url) as database:
        row = database.execute(LEFT).fetchone()
    return int(row[0]) if row else 0


if __name__ == "__main__":
    main(measure)
