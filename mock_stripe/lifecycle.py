"""What happens by itself when its time comes: sessions expire, trials end, periods renew."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from mock_stripe import clock_calls, clocks, pending_updates, transitions
from mock_stripe.cancellation import cancel_now
from mock_stripe.events import emit, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.invoices import falls_due_at
from mock_stripe.journal import Entry
from mock_stripe.lines import items_of
from mock_stripe.sessions import expire, runs_out_at
from mock_stripe.store import Change, Store
from mock_stripe.table import Document
from mock_stripe.timetable import Timetable

_NOTICE_SECONDS = 3 * 86_400
_KINDS = ("checkout.session", "subscription", "invoice", clocks.KIND)


class Lifecycle:
    """Acts on sessions and subscriptions in time; the mock's clock may be put forward."""

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.change() as change:
            self._ahead = change.now - int(time.time())
        self._timetable = Timetable("lifecycle", self._act, self._now)
        store.listen(self._note)

    def start(self) -> None:
        """Begin, with all that became due while nothing ran."""
        with self._store.change() as change:
            live = [*change.find("checkout.session", status="open"), *change.find(clocks.KIND)]
            live += change.find("invoice", status="open")
            for status in ("active", "trialing", "past_due", "unpaid", "paused"):
                live += change.find("subscription", status=status)
        for document in live:
            self._schedule(document)
        self._timetable.start()

    def stop(self) -> None:
        """Let nothing happen by itself any more."""
        self._timetable.stop()

    def put_clock_forward(self, seconds: int) -> int:
        """Move the mock's clock, for good, and return its time; what is due then happens."""
        with self._store.change() as change:
            clock = change.get("_setting", "clock") or {"ahead": 0}
            ahead = clock["ahead"] + seconds
            change.put({"object": "_setting", "id": "clock", "ahead": ahead})
        self._ahead = ahead
        self._timetable.wake()
        return int(self._now())

    def catch_up(self) -> None:
        """Do all that is due, here and now: for who has not started it."""
        self._timetable.run_due()

    def _now(self) -> float:
        return time.time() + self._ahead

    def _note(self, entries: list[Entry]) -> None:
        for kind, _object_id, text in entries:
            if kind in _KINDS and text is not None:
                self._schedule(json.loads(text))

    def _schedule(self, document: Document) -> None:
        due = None if _is_by_clock(document) else min(_due_times(document), default=None)
        if due is not None:
            self._timetable.add(due, document["id"])

    def _act(self, object_id: str) -> None:
        with self._store.change() as change:
            clock = change.get(clocks.KIND, object_id)
            if clock is None:
                found = _found(change, object_id)
                if found is not None and not _is_by_clock(found):
                    _do_if_due(change, found)
            elif clock["deletes_after"] <= change.now and clock["status"] != clocks.ADVANCING:
                clock_calls.delete(change, clock)
        while self._steps_on(object_id):
            pass

    def _steps_on(self, clock_id: str) -> bool:
        """Take a clock that is on its way one thing further; say whether it is to go on.

        Each thing that happens is a change of its own, so it is told while the clock advances; and a
        mock that is killed on the way goes on from where it was.
        """
        with self._store.change() as change:
            clock = change.get(clocks.KIND, clock_id)
            if clock is None or clock["status"] != clocks.ADVANCING:
                return False
            target = clock["status_details"]["advancing"]["target_frozen_time"]
            found = clocks.next_due(change, clock, _due_times)
            if found is None or found[0] > target:
                _arrive(change, clock, at=target)
                return False
            at = max(found[0], clock["frozen_time"])
            change.put(clock | {"frozen_time": at})
            with change.at(at):
                _do_if_due(change, found[1])
        return True


def _arrive(change: Change, clock: Document, *, at: int) -> None:
    after = clock | {"frozen_time": at, "status": clocks.READY, "status_details": {}}
    put_and_emit(change, f"{clocks.KIND}.ready", clock, after)


def _found(change: Change, object_id: str) -> Document | None:
    kinds = (kind for kind in _KINDS if kind != clocks.KIND)
    return next(filter(None, (change.get(kind, object_id) for kind in kinds)), None)


def _is_by_clock(document: Document) -> bool:
    return document.get("test_clock") is not None


def _do_if_due(change: Change, document: Document) -> None:
    """Do the one thing that is due; what is due after it comes in its own turn."""
    if min(_due_times(document), default=change.now + 1) > change.now:
        return
    if document["object"] == "checkout.session":
        expire(change, document)
    elif document["object"] == "invoice":
        transitions.fall_due(change, document)
    else:
        _advance(change, document)


def _advance(change: Change, subscription: Document) -> None:
    now = change.now
    cancel_at = subscription["cancel_at"]
    if pending_updates.is_due(subscription, now):
        pending_updates.drop(change, subscription, expired=True)
    elif cancel_at is not None and cancel_at <= now:
        cancel_now(change, subscription, reason="cancellation_requested")
    elif _resumes_at(subscription) <= now:
        after = subscription | {"pause_collection": None}
        put_and_emit(change, transitions.UPDATED, subscription, after)
    elif min(_period_ends(subscription), default=now + 1) <= now:
        transitions.renew(change, subscription)
    elif subscription["status"] == "trialing":
        noted = subscription | {NOTES: subscription[NOTES] | {"trial_end_announced": True}}
        emit(change, "customer.subscription.trial_will_end", change.put(noted))


def _due_times(document: Document) -> Iterator[int]:
    if document["object"] == "subscription":
        yield from _due_times_of_subscription(document)
    elif document["object"] == "invoice":
        if (at := falls_due_at(document)) is not None:
            yield at
    elif document["object"] == clocks.KIND:
        advancing = document["status"] == clocks.ADVANCING
        yield 0 if advancing else document["deletes_after"]
    elif document["status"] == "open":
        yield runs_out_at(document)


def _due_times_of_subscription(document: Document) -> Iterator[int]:
    if document["ended_at"] is not None:
        return
    if document["pending_update"] is not None:
        yield document["pending_update"]["expires_at"]
    if document["cancel_at"] is not None:
        yield document["cancel_at"]
    if document["pause_collection"] is not None and document["pause_collection"]["resumes_at"]:
        yield document["pause_collection"]["resumes_at"]
    if document["status"] == "trialing" and not document[NOTES].get("trial_end_announced"):
        yield document["trial_end"] - _NOTICE_SECONDS
    yield from _period_ends(document)


def _resumes_at(subscription: Document) -> float:
    pause = subscription["pause_collection"]
    return float("inf") if pause is None or not pause["resumes_at"] else pause["resumes_at"]


def _period_ends(subscription: Document) -> list[int]:
    # Past-due and paused subscriptions wait for a payment or a control rather than for the clock.
    if subscription["status"] not in {"active", "trialing"}:
        return []
    return [item["current_period_end"] for item in items_of(subscription)]
