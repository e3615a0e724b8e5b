"""The short way to Stripe's door: as safe as the long one, and one statement is all it takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import structlog
from django.db import connection, transaction

from billing import inbox
from billing.models import StripeEvent
from billing.tasks import handle_event
from public_apps.core import jobs
from tests.billing.posting import deliver, event, post, secret_of, session_event, signature
from tests.core.web_stack import HttpClient, WebStack, another_web

OF_THE_WEB = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
JOB = """
SELECT queue_name, task_name, priority, lock, queueing_lock, args, status, scheduled_at, attempts
FROM procrastinate_jobs WHERE args->>'event_id' = %s
"""


def job_of(event_id: str) -> list[Any]:
    """Return all that a worker reads of an event's one job."""
    with connection.cursor() as cursor:
        cursor.execute(JOB, [event_id])
        (job,) = cursor.fetchall()
    return list(job)


def test_the_job_is_the_one_that_procrastinate_itself_would_write(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for rank, taken in ((jobs.EVENT, event()), (jobs.PURCHASE, session_event())):
        deliver(web_stack, http_client, taken, headers={"X-Request-ID": "request-of-stripe"})
        other = f"{taken['id']}-by-procrastinate"
        with (
            transaction.atomic(),
            structlog.contextvars.bound_contextvars(request_id="request-of-stripe"),
        ):
            lock = f"{inbox.JOBS}:{other}"
            handle_event.configure(queueing_lock=lock, **rank).defer(event_id=other)
            theirs = job_of(other)
            transaction.set_rollback(True)
        ours = job_of(taken["id"])
        assert ours == [json.loads(json.dumps(part).replace(other, taken["id"])) for part in theirs]


def test_a_connection_that_died_since_its_last_use_costs_no_event(
    web_stack: WebStack, tmp_path: Path
) -> None:
    with_one_process = {"WEB_CONCURRENCY": "1", "WEB_THREADS": "1"}
    with another_web(web_stack, tmp_path, **with_one_process) as web:
        assert deliver(web_stack, web, event()).status_code == 200
        with connection.cursor() as cursor:
            cursor.execute(OF_THE_WEB)
        late = event()
        answer = deliver(web_stack, web, late)
        assert answer.status_code == 200, answer.text
        assert StripeEvent.objects.filter(pk=late["id"]).exists()


def test_a_delivery_without_https_is_led_there_and_not_taken(
    web_stack: WebStack, tmp_path: Path
) -> None:
    with another_web(web_stack, tmp_path, SITE_URL="https://localhost") as web:
        plain = event()
        answer = deliver(web_stack, web, plain)
        assert answer.status_code == 308
        assert not StripeEvent.objects.filter(pk=plain["id"]).exists()
        by_proxy = deliver(web_stack, web, plain, headers={"X-Forwarded-Proto": "https"})
        assert by_proxy.status_code == 200


def test_a_visitors_language_is_not_stripes(web_stack: WebStack, http_client: HttpClient) -> None:
    body = json.dumps(event()).encode()
    header = signature(body, secret_of(web_stack), age=3600)
    answer = post(http_client, body, header, headers={"Accept-Language": "el"})
    assert answer.status_code == 400
    assert answer.json()["title"].isascii()
    assert answer.headers["X-Request-ID"]
