"""Webhooks: signed, posted many at once, and tried again until they are taken or given up."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import random
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from mock_stripe.events import DELIVERY_DEFAULTS, as_delivered
from mock_stripe.expansion import NOTES
from mock_stripe.ids import new_id
from mock_stripe.journal import Entry
from mock_stripe.store import Store
from mock_stripe.table import Document
from mock_stripe.timetable import Timetable, wall_clock

AT_ONCE = 32
TIMEOUT_SECONDS = 10
MOST_ATTEMPTS = 40
# Stripe tries for three days; here seconds stand for its hours.
_PAUSES = (1, 2, 4, 8, 15)
_SHUFFLE_SECONDS = 0.5
_MOST_READ = 65_536
_RANDOM = random.SystemRandom()


@dataclass(frozen=True, kw_only=True)
class Post:
    """One attempt about to be made: what goes where, signed with which secret."""

    url: str
    secret: str
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of an attempt: a status, or the reason why there is none."""

    status: int | None
    error: str | None

    @property
    def taken(self) -> bool:
        """Say whether the endpoint took the event."""
        return self.status is not None and HTTPStatus.OK <= self.status < 300


class Courier:
    """Delivers what the store says is pending; what was pending at a crash goes out after it."""

    def __init__(self, store: Store, *, retry_scale: float) -> None:
        self._store = store
        self._retry_scale = retry_scale
        self._ready: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._timetable = Timetable("deliveries", self._ready.put, wall_clock)
        self._settled = threading.Condition()
        store.listen(self._note)

    def start(self) -> None:
        """Begin to deliver, with what an earlier run left."""
        with self._store.change() as change:
            for delivery in change.find("_delivery", state="pending"):
                self._timetable.add(delivery["due"], delivery["id"])
        self._timetable.start()
        for number in range(AT_ONCE):
            threading.Thread(target=self._work, name=f"courier-{number}", daemon=True).start()

    def stop(self) -> None:
        """Start no further delivery; what is left is pending on disk."""
        self._timetable.stop()

    def wait_until_taken(self, event_id: str, *, seconds: float) -> bool:
        """Wait until every endpoint has taken an event; False if that takes longer."""
        with self._settled:
            return self._settled.wait_for(lambda: self._is_taken(event_id), timeout=seconds)

    def _is_taken(self, event_id: str) -> bool:
        with self._store.change() as change:
            return not change.find("_delivery", event=event_id, state="pending")

    def _note(self, entries: list[Entry]) -> None:
        for kind, _object_id, text in entries:
            if kind == "_delivery" and text is not None:
                self._schedule(json.loads(text))

    def _schedule(self, delivery: Document) -> None:
        if delivery["state"] == "pending":
            self._timetable.add(self._due(delivery), delivery["id"])
        else:
            with self._settled:
                self._settled.notify_all()

    def _due(self, delivery: Document) -> float:
        due = float(delivery["due"])
        if delivery["attempts"]:
            return due
        with self._store.change() as change:
            settings = DELIVERY_DEFAULTS | (change.get("_setting", "delivery") or {})
        shuffled = _RANDOM.uniform(0, _SHUFFLE_SECONDS) if settings["shuffle"] else 0
        return due + float(settings["delay_ms"]) / 1000 + shuffled

    def _work(self) -> None:
        while True:
            self._attempt(self._ready.get())

    def _attempt(self, delivery_id: str) -> None:
        post = self._prepare(delivery_id)
        if post is None:
            return
        at, started = time.time(), time.monotonic()
        reply = send(post)
        self._record(delivery_id, post, reply, at, round((time.monotonic() - started) * 1000, 1))

    def _prepare(self, delivery_id: str) -> Post | None:
        with self._store.change() as change:
            delivery = change.get("_delivery", delivery_id)
            if delivery is None:  # the mock was reset meanwhile
                return None
            endpoint = change.get("webhook_endpoint", delivery["endpoint"])
            if endpoint is None or endpoint["status"] != "enabled":
                change.put(delivery | {"state": "failed"})
                return None
            event = as_delivered(change, change.fetch("event", delivery["event"]))
            body = json.dumps(event, indent=2, ensure_ascii=False).encode()
            return Post(url=endpoint["url"], secret=endpoint[NOTES]["secret"], body=body)

    def _record(
        self, delivery_id: str, post: Post, reply: Reply, at: float, duration_ms: float
    ) -> None:
        with self._store.change() as change:
            delivery = change.get("_delivery", delivery_id)
            if delivery is None:
                return
            event = change.fetch("event", delivery["event"])
            delivery["attempts"] += 1
            delivery["state"] = "pending"
            if reply.taken:
                delivery["state"] = "succeeded"
            elif delivery["attempts"] >= MOST_ATTEMPTS:
                delivery["state"] = "failed"
            delivery["due"] = time.time() + self._pause(delivery["attempts"])
            change.put(delivery)
            change.put(
                {
                    "object": "_attempt",
                    "id": new_id("att"),
                    "event_id": event["id"],
                    "type": event["type"],
                    "object_id": event["data"]["object"].get("id"),
                    "endpoint_url": post.url,
                    "attempt": delivery["attempts"],
                    "status": reply.status,
                    "error": reply.error,
                    "at": at,
                    "duration_ms": duration_ms,
                }
            )

    def _pause(self, attempts: int) -> float:
        return _PAUSES[min(attempts, len(_PAUSES)) - 1] * self._retry_scale


def signature(body: bytes, *, secret: str, at: int) -> str:
    """Return the Stripe-Signature header for a body signed at a second."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def send(post: Post) -> Reply:
    """Post one event, signed now, and say what came of it. Redirects are not followed."""
    parts = urlsplit(post.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(post.body, secret=post.secret, at=int(time.time())),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body=post.body, headers=headers)
        response = connection.getresponse()
        # Read politely, so that the endpoint is not cut off in the middle of its answer.
        response.read(_MOST_READ)
        return Reply(status=response.status, error=None)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Reply(status=None, error=f"{type(error).__name__}: {error}")
    finally:
        connection.close()
