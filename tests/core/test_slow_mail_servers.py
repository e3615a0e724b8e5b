"""Mail servers that take their time: each conversation ends, and holds nothing meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from tests.core.web_stack import WebStack

KIND = "slowly delivered"
Serve = Callable[[socket.socket], None]


@pytest.fixture
def promised(web_stack: WebStack) -> Iterator[OutgoingMail]:
    """A mail that is due, of a kind of these tests' own."""

    @mail.composes(KIND)
    def compose(_mail: OutgoingMail) -> Content:
        incident = {"kind": "slow", "lines": ["A line."]}
        return Content(template="incident", context={"incident": incident, "title": "Slow"})

    yield OutgoingMail.objects.create(
        kind=KIND,
        key=str(time.monotonic_ns()),
        to="anna@slow.example",
        next_attempt_at=timezone.now(),
    )
    del mail._composers[KIND]


@contextmanager
def mail_server(settings: Settings, serve: Serve) -> Iterator[list[float]]:
    """Be a mail server that does this with each caller; yield when each of them was gone."""
    gone: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def answer(caller: socket.socket) -> None:
            try:
                serve(caller)
            except OSError:
                gone.append(time.monotonic())
            finally:
                caller.close()

        def listen() -> None:
            with ThreadPoolExecutor(4) as pool:
                while not over.is_set():
                    try:
                        caller, _address = server.accept()
                    except TimeoutError:
                        continue
                    pool.submit(answer, caller)

        thread = threading.Thread(target=listen)
        thread.start()
        settings.EMAIL_PORT = server.getsockname()[1]
        try:
            yield gone
        finally:
            over.set()
            thread.join()


def drip_greeting(caller: socket.socket) -> None:
    """Greet for ever, a line now and then."""
    while True:
        caller.sendall(b"220-one moment please\r\n")
        time.sleep(0.1)


def drip_verdict(caller: socket.socket) -> None:
    """Take the mail, and take for ever to say so."""
    take(caller)
    while True:
        caller.sendall(b"250-nearly there\r\n")
        time.sleep(0.1)


def take(caller: socket.socket) -> None:
    """Be a good server until the mail is there."""
    with caller.makefile("rb") as heard:
        caller.sendall(b"220 slow.example\r\n")
        for line in heard:
            command = line[:4].upper()
            caller.sendall(b"354 go on\r\n" if command == b"DATA" else b"250 ok\r\n")
            if command == b"DATA":
                break
        for line in heard:
            if line == b".\r\n":
                return


@pytest.mark.parametrize("serve", [drip_greeting, drip_verdict])
def test_a_server_that_drips_is_left_as_a_whole_and_holds_no_row(
    promised: OutgoingMail, settings: Settings, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    monkeypatch.setattr(mail, "SENDING_SECONDS", 2.0)
    with mail_server(settings, serve) as gone, ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        sending = pool.submit(sent_by_another_thread, promised)
        time.sleep(1)
        # Neither a lock on the row nor an open transaction while the server is spoken to.
        assert OutgoingMail.objects.filter(pk=promised.pk).update(language="el") == 1
        assert in_transactions() == 0
        sending.result()
        assert time.monotonic() - began < 5
    assert gone, "the line is cut, so that nothing is sent later"
    promised.refresh_from_db()
    assert (promised.attempts, promised.sent_at, promised.failed_at) == (1, None, None)
    assert promised.error.startswith("DeadlineExceeded")


def test_while_one_worker_sends_no_other_does(
    promised: OutgoingMail, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SENDING_SECONDS", 2.0)
    callers: list[socket.socket] = []

    def serve(caller: socket.socket) -> None:
        callers.append(caller)
        drip_greeting(caller)

    with mail_server(settings, serve), ThreadPoolExecutor(1) as pool:
        sending = pool.submit(sent_by_another_thread, promised)
        time.sleep(0.5)
        assert promised not in mail.due()
        mail.send(mail_id=promised.pk)
        sending.result()
    assert len(callers) == 1


def test_a_mail_that_a_server_took_is_recorded_though_the_connection_was_lost_meanwhile(
    web_stack: WebStack, promised: OutgoingMail, settings: Settings
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()

    def serve(caller: socket.socket) -> None:
        take(caller)
        with psycopg.connect(web_stack.stack.database_url) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [backend])
        caller.sendall(b"250 taken\r\n221 bye\r\n")

    with mail_server(settings, serve):
        mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert promised.sent_at is not None


def sent_by_another_thread(promised: OutgoingMail) -> None:
    """Send as a worker does: on a connection of its own."""
    try:
        mail.send(mail_id=promised.pk)
    finally:
        connection.close()


def in_transactions() -> int:
    """Return how many sessions are idle inside of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
        return int(cursor.fetchone()[0])
