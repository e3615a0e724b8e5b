"""One whole system for all tests of a process that kill its parts: each finds it mended and at rest.

What cannot be mended is thrown away, and the test gets a new one.
"""

from __future__ import annotations

import psycopg
import pytest
import requests

from devstack.processes import PartFailed
from devstack.stack import Stack
from tests import templates
from tests.customer import until

# What is under way, or due: an event, a mail, a job that is not for later.
BUSY = """
SELECT (SELECT count(*) FROM billing_stripeevent WHERE status = 'received')
    + (SELECT count(*) FROM core_outgoingmail
       WHERE sent_at IS NULL AND failed_at IS NULL AND unwanted_at IS NULL)
    + (SELECT count(*) FROM procrastinate_jobs
       WHERE status = 'doing' OR (status = 'todo' AND coalesce(scheduled_at, now()) <= now()))
"""
_KEPT = pytest.StashKey[Stack]()


def system(request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Stack:
    """Return this process's, made at the first call."""
    stash = request.config.stash
    if _KEPT in stash and not _is_sound(stash[_KEPT]):
        stash[_KEPT].discard()
        del stash[_KEPT]
    if _KEPT not in stash:
        stack = templates.ready_to_sell(folders.mktemp("breakable"))
        # Before the session is over, or the coverage of its processes would come after the report.
        request.session.addfinalizer(stack.discard)
        stash[_KEPT] = stack
    return stash[_KEPT]


def _is_sound(stack: Stack) -> bool:
    """Start what an earlier test has ended, undo what it told Stripe, and wait until all is done."""
    try:
        _restart(stack)
        requests.delete(f"{stack.mock_url}/_control/faults", timeout=10).raise_for_status()
        deliveries = f"{stack.mock_url}/_control/delivery"
        requests.post(deliveries, json={}, timeout=10).raise_for_status()
        stack.wait_ready(timeout=60)
        until(lambda: _is_at_rest(stack), within=90)
    except (PartFailed, requests.RequestException, psycopg.Error, AssertionError):
        return False
    return True


def _restart(stack: Stack) -> None:
    for name in stack.ours:
        running = stack.running.get(name)
        if running is not None and running.exit_code is not None:
            stack.kill_part(name)
        if name not in stack.running:
            stack.start_part(name)


def _is_at_rest(stack: Stack) -> bool:
    with psycopg.connect(stack.database_url) as connection:
        return connection.execute(BUSY).fetchone() == (0,)
