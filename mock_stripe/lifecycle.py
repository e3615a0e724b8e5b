"""What happens by itself when its time comes: sessions expire, trials end, periods renew."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from mock_stripe import transitions
from mock_stripe.cancellation import cancel_now
from mock_stripe.events import emit, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.journal import Entry
from mock_stripe.lines import items_of
from mock_stripe.sessions import expire, runs_out_at
from mock_stripe.store import Change, Store
from mock_stripe.table import Document
from mock_stripe.timetable import Timetable

_NOTICE_SECONDS = 3 * 86_400
_KINDS = ("checkout.session", "subscription")


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
            live = [*change.find("checkout.session", status="open")]
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

    def _now(self) -> float:
        return time.time() + self._ahead

    def _note(self, entries: list[Entry]) -> None:
        for kind, _object_id, text in entries:
            if kind in _KINDS and text is not None:
                self._schedule(json.loads(text))

    def _schedule(self, document: Document) -> None:
        due = min(_due_times(document), default=None)
        if due is not None:
            self._timetable.add(due, document["id"])

    def _act(self, object_id: str) -> None:
        with self._store.change() as change:
            session = change.get("checkout.session", object_id)
            if session is not None:
                if min(_due_times(session), default=change.now + 1) <= change.now:
                    expire(change, session)
                return
            subscription = change.get("subscription", object_id)
            if subscription is not None:
                _advance(change, subscription)


def _advance(change: Change, subscription: Document) -> None:
    """Do the one thing that is due; what is due after it comes in its own turn."""
    now = change.now
    if min(_due_times(subscription), default=now + 1) > now:
        return
    cancel_at = subscription["cancel_at"]
    if cancel_at is not None and cancel_at <= now:
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
    if document["object"] == "checkout.session":
        if document["status"] == "open":
            yield runs_out_at(document)
        return
    if document["ended_at"] is not None:
        return
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
