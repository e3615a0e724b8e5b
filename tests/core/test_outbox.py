"""The outbox: a promised mail arrives once, whatever the mail server does meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from devstack import mailbox
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.mail import MAX_ATTEMPTS
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.onboarding import welcome
from public_apps.onboarding.models import Signup
from tests.core.web_stack import PASSWORD, WebStack, create_workspace


@pytest.fixture
def signup(web_stack: WebStack) -> Signup:
    """A paid sign-up whose owner waits for the welcome mail."""
    workspace = create_workspace(password=None)
    label, now = workspace.host.partition(".")[0], timezone.now()
    return Signup.objects.create(
        organization=workspace.tenant.name,
        requested_subdomain=label,
        subdomain=label,
        email=workspace.owner,
        first_name="Eleni",
        last_name="Papadaki",
        plan="professional",
        interval="month",
        paid_at=now,
        tenant=workspace.tenant,
        workspace_at=now,
        owner_at=now,
        ready_at=now,
    )


@contextmanager
def mail_server(greeting: bytes) -> Iterator[int]:
    """Be a mail server that says this much and no more; the port is given."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            callers = []
            while not over.is_set():
                try:
                    caller, _address = server.accept()
                except TimeoutError:
                    continue
                caller.sendall(greeting)
                callers.append(caller)
            for caller in callers:
                caller.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


def arrived(web_stack: WebStack, promised: OutgoingMail) -> int:
    """Return how many copies the mail catcher holds."""
    return len(mailbox.mails_to(promised.to, folder=web_stack.stack.mail_dir))


def make_due(promised: OutgoingMail) -> None:
    """Let the time of the next try come."""
    OutgoingMail.objects.filter(pk=promised.pk).update(next_attempt_at=timezone.now())


def test_a_promise_made_twice_is_one_mail(web_stack: WebStack, signup: Signup) -> None:
    first, second = welcome.enqueue(signup=signup), welcome.enqueue(signup=signup)
    assert first.pk == second.pk
    for _ in range(3):
        mail.send(mail_id=first.pk)
    assert arrived(web_stack, first) == 1
    first.refresh_from_db()
    assert (first.attempts, first.error) == (1, "")
    assert first.sent_at is not None


def test_of_many_senders_at_once_one_sends(web_stack: WebStack, signup: Signup) -> None:
    promised = welcome.enqueue(signup=signup)

    def send(_number: int) -> None:
        try:
            mail.send(mail_id=promised.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(send, range(6)))
    assert arrived(web_stack, promised) == 1


def test_a_promise_is_taken_back_with_its_transaction(web_stack: WebStack, signup: Signup) -> None:
    with transaction.atomic():
        promised = welcome.enqueue(signup=signup)
        transaction.set_rollback(True)
    assert not OutgoingMail.objects.filter(pk=promised.pk).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE (args->>'mail_id')::bigint = %s", [promised.pk]
        )
        assert cursor.fetchone() is None


@pytest.mark.parametrize("greeting", [b"", b"554 Not today\r\n", b"421 Busy\r\n", b"\xff\xfe\r\n"])
def test_a_server_that_hangs_or_refuses_puts_a_mail_off_and_loses_none(
    web_stack: WebStack, signup: Signup, settings: Settings, greeting: bytes
) -> None:
    promised = welcome.enqueue(signup=signup)
    catcher, settings.EMAIL_TIMEOUT = settings.EMAIL_PORT, 0.5
    with mail_server(greeting) as port:
        settings.EMAIL_PORT = port
        mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert promised.attempts == 1
    assert promised.error
    assert promised.sent_at is None
    assert promised.next_attempt_at > timezone.now()

    settings.EMAIL_PORT = catcher
    mail.send(mail_id=promised.pk)
    assert arrived(web_stack, promised) == 0, "not before its time"
    make_due(promised)
    assert promised not in mail.due(), "its job waits"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name LIKE '%send_mail'")
    assert promised in mail.due()
    mail.send(mail_id=promised.pk)
    assert arrived(web_stack, promised) == 1


def test_an_unreachable_server_is_given_up_at_last_and_staff_can_see_it(
    web_stack: WebStack, signup: Signup, settings: Settings
) -> None:
    promised = welcome.enqueue(signup=signup)
    OutgoingMail.objects.filter(pk=promised.pk).update(attempts=MAX_ATTEMPTS - 1)
    catcher, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert promised.failed_at is not None
    assert "refused" in promised.error
    assert promised not in mail.due()
    settings.EMAIL_PORT = catcher
    make_due(promised)
    mail.send(mail_id=promised.pk)
    assert arrived(web_stack, promised) == 0


def test_a_mail_that_cannot_be_made_is_put_off_too(web_stack: WebStack, signup: Signup) -> None:
    """Or it would be tried every five seconds for ever, and nobody would see why."""
    promised = welcome.enqueue(signup=signup)
    assert signup.tenant is not None
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{signup.tenant.schema_name}" CASCADE')
    mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert promised.attempts == 1
    assert "does not exist" in promised.error
    assert promised.next_attempt_at > timezone.now()


def test_who_has_a_password_by_now_gets_no_link_any_more(
    web_stack: WebStack, signup: Signup
) -> None:
    promised = welcome.enqueue(signup=signup)
    assert signup.tenant is not None
    with inside(signup.tenant.schema_name):
        owner = User.objects.get(email=signup.email)
        owner.set_password(PASSWORD)
        owner.save()
    mail.send(mail_id=promised.pk)
    promised.refresh_from_db()
    assert promised.unwanted_at is not None
    assert promised.sent_at is None
    assert promised not in mail.due()
    assert arrived(web_stack, promised) == 0


def test_after_an_outage_the_worker_sends_what_waited(web_stack: WebStack, signup: Signup) -> None:
    stack = web_stack.stack
    stack.stop_part("mail")
    promised = welcome.enqueue(signup=signup)
    stack.start_part("worker")
    try:
        until(promised, lambda row: row.attempts > 0)
        stack.start_part("mail")
        until(promised, lambda row: row.sent_at is not None)
    finally:
        if "mail" not in stack.running:
            stack.start_part("mail")
        stack.stop_part("worker")
    assert arrived(web_stack, promised) == 1


def until(promised: OutgoingMail, held: Callable[[OutgoingMail], bool]) -> None:
    """Wait until something holds for a mail's row."""
    deadline = time.monotonic() + 30
    while not held(OutgoingMail.objects.get(pk=promised.pk)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
