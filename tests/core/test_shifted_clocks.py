"""Two workers at one queue, five seconds behind and ahead of it: nothing waits, or runs twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateWorker

from billing.models import StripeEvent
from billing.tasks import sweep_events
from public_apps.core import clock, jobs
from public_apps.core.models import PeriodicRun
from public_apps.monitoring.models import ProcessClock
from tests.billing.posting import deliver, event, session_event
from tests.core.unruly_worker import defer, eventually, noted, status_of, word, working
from tests.core.web_stack import HttpClient, WebStack

__all__ = ["word"]
BEHIND, AHEAD = -5.0, 5.0
EVENTS, NOTES = 20, 60
# Longer than a worker may be silent here, and than it takes until somebody looks for such.
LONG = 16
RESCUING = "core.rescue_stalled_jobs"


@pytest.fixture
def shifted(web_stack: WebStack) -> Iterator[None]:
    """Two workers that have told how far off they are; nobody sweeps events that were not taken."""
    ProcessClock.objects.all().delete()
    sweep_events.configure(schedule_at=clock.now() + timedelta(hours=1)).defer(timestamp=0)
    two = "--concurrency", "2"
    with working(web_stack, *two, ahead=BEHIND), working(web_stack, *two, ahead=AHEAD):
        eventually(lambda: ProcessClock.objects.filter(process__startswith="worker").count() == 2)
        told = ProcessClock.objects.filter(process__startswith="worker").order_by("ahead")
        assert [round(each.ahead / 1000) for each in told] == [BEHIND, AHEAD]
        yield


def test_two_workers_whose_clocks_are_off_share_the_work_as_if_they_were_right(
    web_stack: WebStack, http_client: HttpClient, word: str, shifted: None
) -> None:
    begun = clock.now()
    long = [defer("take_long", word=f"{word}, long", seconds=LONG) for _ in range(2)]
    payloads = [event() for _ in range(EVENTS)]
    failing = session_event()  # nobody answers for Stripe here: two attempts, and it has failed
    for payload in (*payloads, failing):
        assert deliver(web_stack, http_client, payload).status_code == 200
    for _ in range(NOTES):
        defer("note", word=word)

    ids = [payload["id"] for payload in payloads]
    ended = StripeEvent.objects.filter(pk__in=ids, status="ignored", attempts=1)
    eventually(lambda: ended.count() == EVENTS)
    eventually(lambda: StripeEvent.objects.get(pk=failing["id"]).status == "failed")
    eventually(lambda: len(noted(word)) == NOTES)

    def has_been_looked_for_silent_workers() -> bool:
        run = PeriodicRun.objects.filter(name=RESCUING, ended_at__gt=begun + timedelta(seconds=8))
        return run.exists()

    eventually(has_been_looked_for_silent_workers)
    eventually(lambda: all(status_of(job) is None for job in long))
    assert len(noted(word)) == NOTES, "each once"
    assert len(noted(f"{word}, long")) == len(long), "nobody took them for jobs of the dead"
    kinds = len(jobs.slots(2))
    assert ProcrastinateWorker.objects.count() == 2 * kinds, "each with its kinds of slots"
