"""A request that may come twice counts once, also when its process dies in the middle."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from public_apps.core import idempotency
from public_apps.core.errors import Conflict, KeyReused, UpstreamFailed
from public_apps.core.idempotency import Answer, once
from public_apps.core.models import IdempotentRequest
from public_apps.core.schema_context import current, in_public, inside
from tests.core.web_stack import WebStack
from tests.customer import until


class Counter:
    """Work that counts how often it was done."""

    def __init__(self, *raising: BaseException) -> None:
        self.rows: list[Any] = []
        self._raising = list(raising)

    def __call__(self, row: IdempotentRequest) -> dict[str, int]:
        self.rows.append(row.pk)
        if self._raising:
            raise self._raising.pop(0)
        return {"done": len(self.rows)}


def ask(work: Counter, key: str | None, *, who: str = "7", asked: str = "this") -> Answer:
    """Ask for work."""
    return once(who=who, key=key, asked={"body": asked}, work=work)


@pytest.fixture
def key() -> str:
    """A key that nobody else uses."""
    return secrets.token_hex(8)


@pytest.fixture
def work() -> Counter:
    """Work that succeeds."""
    return Counter()


def test_the_second_time_brings_the_first_answer(
    web_stack: WebStack, key: str, work: Counter
) -> None:
    first, second = ask(work, key), ask(work, key)
    assert (first.status, first.body, first.replayed) == (200, {"done": 1}, False)
    assert (second.status, second.body, second.replayed) == (200, {"done": 1}, True)
    assert len(work.rows) == 1


def test_without_a_key_each_counts(web_stack: WebStack, work: Counter) -> None:
    assert [ask(work, None).body["done"] for _ in range(2)] == [1, 2]


def test_keys_belong_to_one_person_of_one_tenant(
    web_stack: WebStack, key: str, work: Counter
) -> None:
    ask(work, key)
    ask(work, key, who="8")
    for workspace in (web_stack.acme, web_stack.birch):
        with inside(workspace.tenant.schema_name):
            ask(work, key)
            assert current() == workspace.tenant.schema_name
    assert len(work.rows) == 4


def test_another_body_is_refused(web_stack: WebStack, key: str, work: Counter) -> None:
    ask(work, key)
    with pytest.raises(KeyReused):
        ask(work, key, asked="that")
    assert len(work.rows) == 1


def test_a_refusal_is_an_answer_like_any_other(web_stack: WebStack, key: str) -> None:
    work = Counter(Conflict("There is one already."))
    first, second = ask(work, key), ask(work, key)
    assert (first.status, first.is_problem) == (409, True)
    assert second.body == first.body
    assert len(work.rows) == 1


@pytest.mark.parametrize("trouble", [UpstreamFailed("down"), ZeroDivisionError(), SystemExit()])
def test_a_failure_of_ours_is_tried_again_as_the_same_request(
    web_stack: WebStack, key: str, trouble: BaseException
) -> None:
    work = Counter(trouble)
    with pytest.raises(type(trouble)):
        ask(work, key)
    assert ask(work, key).body == {"done": 2}
    assert len(set(work.rows)) == 1


def test_a_request_whose_process_died_is_taken_over_at_once(
    web_stack: WebStack, key: str, work: Counter
) -> None:
    """Who is at work holds a lock of its session, which ends with the process."""
    begun, ended = threading.Event(), threading.Event()

    def hold_on(_row: IdempotentRequest) -> None:
        begun.set()
        ended.wait(timeout=20)

    def ask_and_die() -> None:
        with pytest.raises(OperationalError):  # as its backend sees a process that was killed
            once(who="7", key=key, asked={"body": "this"}, work=hold_on)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask_and_die)
        begun.wait(timeout=20)
        with pytest.raises(Conflict):
            ask(work, key)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                " AND pid <> pg_backend_pid()"
            )
        until(lambda: _goes_on(work, key))
        ended.set()
        asking.result()


def _goes_on(work: Counter, key: str) -> bool:
    try:
        return bool(ask(work, key).body == {"done": 1})
    except Conflict:  # the server has not ended the session yet
        return False


def test_a_request_that_a_process_of_an_earlier_release_is_at_work_on_is_left_to_it(
    web_stack: WebStack, key: str, work: Counter
) -> None:
    ask(work, key)
    row = IdempotentRequest.objects.filter(key=key)
    leased = timezone.now() + timedelta(seconds=40)
    row.update(answered_at=None, status=None, body=None, leased_until=leased)
    with pytest.raises(Conflict):
        ask(work, key)
    row.update(leased_until=timezone.now())
    assert ask(work, key).body == {"done": 2}


def test_of_many_at_once_one_does_the_work(web_stack: WebStack, key: str) -> None:
    together, held = threading.Barrier(8), threading.Event()
    done: list[int] = []

    def work(_row: IdempotentRequest) -> str:
        done.append(1)
        held.wait(timeout=20)
        return "done"

    def ask_at_once(_number: int) -> int:
        together.wait(timeout=20)
        try:
            return once(who="7", key=key, asked={}, work=work).status
        except Conflict as conflict:
            return conflict.status
        finally:
            held.set()
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        statuses = list(pool.map(ask_at_once, range(8)))
    assert len(done) == 1
    assert set(statuses) <= {200, 409}
    assert 200 in statuses


def test_old_requests_are_forgotten(web_stack: WebStack, key: str, work: Counter) -> None:
    ask(work, key)
    asked = timezone.now() - idempotency.REMEMBERED - timedelta(minutes=1)
    IdempotentRequest.objects.filter(key=key).update(created_at=asked)
    assert idempotency.forget_old() >= 1
    assert ask(work, key).body == {"done": 2}


def test_public_is_left_for_where_one_was(web_stack: WebStack) -> None:
    with inside(web_stack.acme.tenant.schema_name):
        with in_public():
            assert current() == "public"
            assert IdempotentRequest.objects.count() >= 0
        assert current() == web_stack.acme.tenant.schema_name
    assert current() == "public"
