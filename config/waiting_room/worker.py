"""gunicorn's threads, with a waiting room before them and behind them.

Its own gthread gives a connection to a thread at once, which then waits for headers and body and for
whoever reads the answer: as many slow clients as there are threads hold up all others. Here the loop
that watches the sockets reads requests and sends answers, and a thread has a request only once it
is whole, for as long as our own code takes. A slow client costs a socket and what it has sent.
"""

from __future__ import annotations

import errno
import selectors
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from socket import socket
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from config.waiting_room.received import Most
from config.waiting_room.visit import ANSWER, IDLE, PARTING, Visit

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
STEP = 64 * 1024
LOOK_EVERY = 0.5  # seconds, for those who are late
# What all requests that are not whole yet may hold in one process; beyond, the largest go.
MOST_STORED = 512 * 1024 * 1024
# A process that stops waits so long for requests that are on their way.
STOPPING = 5.0
TEMPORARY = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED, errno.EINTR})
FULL = frozenset({errno.EMFILE, errno.ENFILE})
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Worker(ThreadWorker):
    """A process of the web; `threads` of it work, and up to `worker_connections` wait."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: dict[Visit, None] = {}  # in the order in which they began to
        self.most = Most(0, 0)
        self.too_late = self.too_long = b""
        self._next_look = 0.0
        self._stopped_at: float | None = None

    def init_process(self) -> None:
        """Begin; what bodies may hold is known by now, for the application is loaded."""
        from django.conf import settings

        from public_apps.core import request_bodies

        self.too_late = in_words("408 Request Timeout")
        self.too_long = in_words("431 Request Header Fields Too Large")
        mib = request_bodies.MIB
        self.most = Most(request_bodies.LARGEST, settings.UPLOAD_MAX_MIB * mib + mib)
        super().init_process()

    # --- Arriving -----------------------------------------------------------------------------------

    def accept(self, listener: socket) -> None:
        """Let one in, and whoever has waited for longest out if there is no room."""
        try:
            line, client = listener.accept()
        except OSError as error:
            if error.errno in FULL:
                self._make_room()
            elif error.errno not in TEMPORARY:
                raise
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        visit = Visit(self.cfg, line, client, listener.getsockname(), self.most)
        self._receive(visit)

    def _receive(self, visit: Visit, _line: object = None) -> None:
        try:
            data = visit.line.recv(STEP)
        except BlockingIOError:
            self._watch(visit, READ)
            return
        except OSError:
            self._drop(visit)
            return
        if not data and not visit.received.has_head:
            self._drop(visit)
            return
        self._take(visit, data)

    def _take(self, visit: Visit, data: bytes) -> None:
        try:
            visit.take(data)
        except OSError:  # the disk is full, where large bodies wait
            self.log.exception("A body could not be kept.")
            self._drop(visit)
            return
        if not data:
            visit.received.cut_off()
        self._look_at(visit)

    def _look_at(self, visit: Visit) -> None:
        """Let a thread have the request if it is whole."""
        received = visit.received
        if received.is_too_long:
            self._refuse(visit, self.too_long)
        elif received.is_ready:
            self._unwatch(visit)
            visit.enter()
            self.enqueue_req(visit)
        else:
            self._encourage(visit)
            self._watch(visit, READ)

    def _encourage(self, visit: Visit) -> None:
        if visit.received.wants_to_hear:
            visit.received.wants_to_hear = False
            with suppress(OSError):  # that it has gone is seen when it is read from
                visit.outlet.sendall(CONTINUE)

    # --- Answering ----------------------------------------------------------------------------------

    def finish_request(self, conn: Visit, fs: Future[Any]) -> None:
        """Take an answer from a thread, and see that it arrives."""
        conn.received.close()
        failed = fs.cancelled() or fs.exception() is not None
        conn.stays = not failed and bool(fs.result()) and conn.received.is_clean
        conn.expect(ANSWER)
        self._answer(conn)

    def _answer(self, visit: Visit, _line: object = None) -> None:
        before = visit.outlet.sent
        try:
            is_sent = visit.outlet.flush()
        except OSError:
            self._drop(visit)
            return
        if not is_sent:
            visit.note(visit.outlet.sent - before)
            self._watch(visit, WRITE)
        elif visit.stays:
            visit.begin_next()
            self._look_at(visit)
        else:
            visit.part()
            self._part(visit)

    def _part(self, visit: Visit, _line: object = None) -> None:
        """Throw away what is still coming, until the client has closed or our patience ends."""
        try:
            gone = not visit.line.recv(STEP)
        except BlockingIOError:
            gone = False
        except OSError:
            gone = True
        if gone:
            self._drop(visit)
        else:
            self._watch(visit, READ)

    def _refuse(self, visit: Visit, words: bytes) -> None:
        visit.stays = False
        visit.received.close()
        visit.expect(ANSWER)
        try:
            visit.outlet.sendall(words)
        except OSError:
            self._drop(visit)
            return
        self._answer(visit)

    # --- The room -----------------------------------------------------------------------------------

    def _watch(self, visit: Visit, events: int) -> None:
        """Have the loop call when the client has sent something, or takes something."""
        wanted = (events, visit.patience is PARTING)
        if visit.watched == wanted:
            return
        self._unwatch(visit)
        call = self._answer if events == WRITE else self._part if wanted[1] else self._receive
        self.poller.register(visit.line, events, partial(call, visit))
        visit.watched = wanted
        self.waiting[visit] = None

    def _unwatch(self, visit: Visit) -> None:
        if visit.watched:
            self.poller.unregister(visit.line)
            visit.watched = None
            self.waiting.pop(visit, None)

    def _drop(self, visit: Visit) -> None:
        self._unwatch(visit)
        self.nr_conns -= 1
        visit.close()

    def _make_room(self) -> None:
        if self.waiting:
            self._drop(next(iter(self.waiting)))

    def murder_pending(self) -> None:
        """See, now and then, to those who are late; gunicorn's loop calls this at each turn."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        for visit in [each for each in self.waiting if self._is_late(each, now)]:
            self._lose_patience(visit)
        self._keep_within_bounds()

    def _is_late(self, visit: Visit, now: float) -> bool:
        if self.alive:
            return visit.is_late(now)
        self._stopped_at = self._stopped_at or now
        quiet = visit.patience is IDLE and now - visit.last > 2 * LOOK_EVERY
        return quiet or visit.is_late(now) or now - self._stopped_at > STOPPING

    def _lose_patience(self, visit: Visit) -> None:
        is_request = visit.received.size and visit.patience not in {ANSWER, PARTING, IDLE}
        if is_request:
            self._refuse(visit, self.too_late)
        else:
            self._drop(visit)

    def _keep_within_bounds(self) -> None:
        stored = sum(visit.received.size for visit in self.waiting)
        while stored > MOST_STORED and self.waiting:
            largest = max(self.waiting, key=lambda visit: visit.received.size)
            stored -= largest.received.size
            self._drop(largest)


def in_words(status: str) -> bytes:
    """Return a refusal of what was never read, in all our languages: nobody knows the client's."""
    from django.conf import settings
    from django.utils import translation

    texts = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            texts.append(
                translation.gettext(
                    "The request took too long to arrive, or its headers are too long."
                    " Please send it again."
                )
            )
    body = "\n".join([*texts, ""]).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
