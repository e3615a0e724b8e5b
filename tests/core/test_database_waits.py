"""How long a process waits for PostgreSQL: what the server is told, and when we hang up ourselves."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction

from public_apps.core import database_waits
from public_apps.core.database_waits import Waits
from tests.core.web_stack import WebStack

SHORT = Waits(name="test", statement=1, lock=1, idle=1)


@pytest.fixture
def short(web_stack: WebStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process be of a kind with very little patience."""
    connection.close()
    monkeypatch.setattr(database_waits, "_process", SHORT)
    yield
    connection.close()


def asked(statement: str, *given: str) -> str:
    """Return what a statement says."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        (said,) = cursor.fetchone()
    return str(said)


@pytest.mark.parametrize("waits", [settings.WEB_WAITS, settings.WORKER_WAITS, None])
def test_a_session_is_told_the_bounds_of_its_kind_of_process(
    web_stack: WebStack, monkeypatch: pytest.MonkeyPatch, waits: Waits | None
) -> None:
    connection.close()
    monkeypatch.setattr(database_waits, "_process", waits)
    expected = waits.settings if waits else dict.fromkeys(settings.WEB_WAITS.settings, "0")
    for name, bound in expected.items():
        if name in database_waits.PEER:
            assert asked(f"SHOW {name}") == bound or waits is None
            continue
        seconds = asked("SELECT extract(epoch FROM current_setting(%s)::interval)::int", name)
        assert seconds == bound.removesuffix("s"), name
    assert asked("SHOW application_name") == (f"concierge {waits.name}" if waits else "")
    connection.close()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(short: None) -> None:
    with pytest.raises(OperationalError, match="statement timeout"):
        asked("SELECT pg_sleep(10)")
    assert asked("SELECT 1") == "1", "the connection is as it was"


def test_a_backend_that_stands_still_is_given_up_by_ourselves(short: None) -> None:
    backend = int(asked("SELECT pg_backend_pid()"))
    os.kill(backend, signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(OperationalError, match="did not answer within"):
            asked("SELECT 1")
    finally:
        os.kill(backend, signal.SIGCONT)
    assert time.monotonic() - began < 5
    connection.close_if_unusable_or_obsolete()
    assert asked("SELECT 1") == "1"


def test_a_request_that_has_waited_in_vain_asks_no_more(short: None) -> None:
    backend = int(asked("SELECT pg_backend_pid()"))
    with database_waits.request():
        os.kill(backend, signal.SIGSTOP)
        try:
            for _ in range(2):
                with pytest.raises(OperationalError):
                    asked("SELECT 1")
                connection.close()
        finally:
            os.kill(backend, signal.SIGCONT)
        with pytest.raises(OperationalError, match="did not answer this request before"):
            asked("SELECT 1")
    assert asked("SELECT 1") == "1", "the next one does"


def test_whole_tables_may_take_as_long_as_they_take(short: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor, database_waits.unbounded(cursor):
        assert asked("SELECT pg_sleep(3)::text") == ""
    with pytest.raises(OperationalError, match="statement timeout"):
        asked("SELECT pg_sleep(10)")


@pytest.mark.parametrize("why", ["a lock", "the wrong question"])
def test_only_what_may_go_well_later_is_called_away(short: None, why: str) -> None:
    statement = "SELECT pg_sleep(10)" if why == "a lock" else "SELECT nothing"
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of either kind
        asked(statement)
    assert database_waits.is_database_away(caught.value) is (why == "a lock")
