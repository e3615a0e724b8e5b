"""The inbox: every stored event comes to an end that staff can see, whatever happens on the way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from billing import inbox
from billing.models import StripeEvent
from billing.tasks import handle_event
from tests.billing.posting import deliver, event, jobs_of, session_event
from tests.core.web_stack import HttpClient, WebStack
from tests.customer import until


@pytest.fixture
def worker(web_stack: WebStack) -> Iterator[None]:
    """A worker, for as long as the test lasts; nobody answers for Stripe's API here."""
    web_stack.stack.start_part("worker")
    yield
    web_stack.stack.stop_part("worker")


def wait(held: Callable[[StripeEvent], bool], event_id: str, *, within: float = 25) -> StripeEvent:
    """Return the event's row once something holds for it."""
    deadline = time.monotonic() + within
    while True:
        row = StripeEvent.objects.get(pk=event_id)
        if held(row):
            return row
        assert time.monotonic() < deadline, (row.status, row.attempts, row.error)
        time.sleep(0.1)


def store(payload: dict[str, Any], **fields: Any) -> StripeEvent:
    """Put an event into the inbox with nobody to wake up for it."""
    return StripeEvent.objects.create(
        id=payload["id"],
        type=payload["type"],
        livemode=False,
        object_id=payload["data"]["object"].get("id") or "",
        payload=payload,
        **fields,
    )


def test_a_type_that_we_do_not_act_on_is_ignored_and_says_why(
    web_stack: WebStack, http_client: HttpClient, worker: None
) -> None:
    unknown = event(type="tax.settings.updated")
    deliver(web_stack, http_client, unknown)
    row = wait(lambda row: row.status == "ignored", unknown["id"])
    assert row.error == "We do not act on this type."
    assert row.processed_at is not None
    assert row.attempts == 1
    line = f"[WEBHOOK] tax.settings.updated: {unknown['data']['object']['id']}"
    until(lambda: line in web_stack.stack.log("worker").read_text())  # written after the row


def test_a_failing_event_is_tried_again_and_then_failed_until_stripe_sends_it_again(
    web_stack: WebStack, http_client: HttpClient, worker: None
) -> None:
    failing = session_event()
    deliver(web_stack, http_client, failing)
    first = wait(lambda row: row.attempts == 1 and row.error != "", failing["id"])
    assert first.status == "received"
    assert first.error.startswith("StripeUnavailable")
    assert first.next_attempt_at > timezone.now()

    failed = wait(lambda row: row.status == "failed", failing["id"])
    assert (failed.attempts, failed.processed_at is not None) == (2, True)

    assert deliver(web_stack, http_client, failing).json()["duplicate"] is True
    again = wait(lambda row: row.status == "received" and row.attempts >= 1, failing["id"])
    assert again.processed_at is None
    wait(lambda row: row.status == "failed", failing["id"])


def test_an_event_whose_job_has_vanished_is_found_by_the_sweep(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    lost = event()
    deliver(web_stack, http_client, lost)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE args->>'event_id' = %s", [lost["id"]])
    assert jobs_of(lost["id"]) == 0
    web_stack.stack.start_part("worker")
    try:
        wait(lambda row: row.status == "ignored", lost["id"])
    finally:
        web_stack.stack.stop_part("worker")


def test_what_came_while_no_worker_ran_is_handled_when_one_returns(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    waiting = [event() for _ in range(10)]
    assert {deliver(web_stack, http_client, each).status_code for each in waiting} == {200}
    web_stack.stack.start_part("worker")
    try:
        for each in waiting:
            wait(lambda row: row.status == "ignored", each["id"])
    finally:
        web_stack.stack.stop_part("worker")


def test_of_many_workers_with_the_same_event_one_makes_the_attempt(web_stack: WebStack) -> None:
    rung = store(event())

    def handle(_number: int) -> None:
        try:
            handle_event(event_id=rung.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(handle, range(8)))
    rung.refresh_from_db()
    assert (rung.status, rung.attempts) == ("ignored", 1)


def test_an_event_in_hand_or_not_yet_due_or_finished_is_left_alone(web_stack: WebStack) -> None:
    later = timezone.now() + timedelta(minutes=1)
    leased = store(event(), attempts=1, next_attempt_at=later)
    parked = store(event(), status="parked")
    done = store(event(), status="processed", processed_at=timezone.now())
    for row in (leased, parked, done):
        before = (row.status, row.attempts)
        handle_event(event_id=row.pk)
        row.refresh_from_db()
        assert (row.status, row.attempts) == before
        assert row not in inbox.due()


def test_an_event_whose_worker_died_is_due_again_after_its_lease(web_stack: WebStack) -> None:
    abandoned = store(event(), attempts=1, next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert abandoned in inbox.due()
    handle_event(event_id=abandoned.pk)
    abandoned.refresh_from_db()
    assert (abandoned.status, abandoned.attempts) == ("ignored", 2)


@pytest.mark.parametrize("odd", [None, 7, ["cs_1"], {"id": "cs_1"}])
@pytest.mark.parametrize(
    "type_",
    ["checkout.session.completed", "checkout.session.async_payment_failed",
     "payment_intent.succeeded", "customer.subscription.updated"],
)  # fmt: skip
def test_an_object_without_a_proper_id_is_ignored_rather_than_crashed_on(
    web_stack: WebStack, type_: str, odd: object
) -> None:
    row = store({**event(), "type": type_}, attempts=0)
    StripeEvent.objects.filter(pk=row.pk).update(payload={"data": {"object": {"id": odd}}})
    handle_event(event_id=row.pk)
    row.refresh_from_db()
    assert row.status == "ignored"
    assert "no id" in row.error


def test_an_error_as_long_as_a_novel_is_trimmed(web_stack: WebStack) -> None:
    broken = store(event())
    StripeEvent.objects.filter(pk=broken.pk).update(
        type="checkout.session.completed", payload={"data": {"object": {"id": "cs_" + "x" * 5000}}}
    )
    handle_event(event_id=broken.pk)
    broken.refresh_from_db()
    assert broken.status == "received"
    assert 0 < len(broken.error) <= 1000


def test_staff_retry_failed_events_by_command(web_stack: WebStack) -> None:
    now = timezone.now()
    first, second = (
        store(event(), status="failed", processed_at=now, attempts=2, error="Boom") for _ in "ab"
    )
    retried = web_stack.stack.manage("stripe_events", "retry", first.pk)
    assert (retried.returncode, first.pk in retried.stdout) == (0, True)
    first.refresh_from_db()
    assert (first.status, first.attempts, first.error, first.processed_at) == (
        "received", 0, "", None,
    )  # fmt: skip
    assert jobs_of(first.pk) == 1
    assert jobs_of(second.pk) == 0
    assert web_stack.stack.manage("stripe_events", "retry", "--all-failed").returncode == 0
    second.refresh_from_db()
    assert second.status == "received"
    assert jobs_of(first.pk) == 1, "it had not failed again"


@pytest.mark.parametrize("arguments", [["evt_nobody_sent"], []])
def test_a_retry_of_nothing_is_refused_with_a_sentence(
    web_stack: WebStack, arguments: list[str]
) -> None:
    refused = web_stack.stack.manage("stripe_events", "retry", *arguments)
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr


def test_the_list_shows_the_contracts_fields_and_filters(web_stack: WebStack) -> None:
    row = store(event(type="product.deleted"), status="failed", processed_at=timezone.now())
    listed = web_stack.stack.manage(
        "stripe_events", "list", "--json", "--status", "failed", "--type", "product.deleted"
    )
    (shown,) = json.loads(listed.stdout)
    assert shown.keys() == {
        "id", "type", "status", "attempts", "error", "received_at", "processed_at", "object_id",
        "tenant",
    }  # fmt: skip
    assert shown["id"] == row.pk
    plain = web_stack.stack.manage("stripe_events", "list", "--limit", "1")
    assert len(plain.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("status", "processed"), [("processed", False), ("received", True), ("lost", False)]
)
def test_the_database_keeps_status_and_time_together(
    web_stack: WebStack, status: str, processed: bool
) -> None:
    at = timezone.now() if processed else None
    with pytest.raises(IntegrityError, match="event_status_and_time_agree"):
        store(event(), status=status, processed_at=at)
