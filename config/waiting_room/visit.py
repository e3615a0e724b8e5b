"""One connection, and how patient we are with it."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_WR, socket
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn

from config.waiting_room.outlet import Outlet
from config.waiting_room.received import Most, Received


@dataclass(frozen=True)
class Patience:
    """So long a client may be silent, and so long it may take on the whole, in seconds.

    Each `slowest` bytes that have moved give it a second more, up to `longest`.
    """

    name: str
    silence: float
    whole: float
    slowest: float = float("inf")
    longest: float = 900.0


IDLE = Patience("another request", 5, 5)
HEAD = Patience("headers", 10, 10)
BODY = Patience("a body", 20, 30, slowest=4096)
ANSWER = Patience("the answer to be read", 20, 30, slowest=4096)
# Whoever closes at once cuts the answer off, for many clients send all that they have before they
# read (RFC 9112, 9.6): so long what is still coming is thrown away.
PARTING = Patience("the client to close", 2, 5)


class Visit(TConn):
    """A connection in the waiting room, or with a thread."""

    def __init__(self, cfg: Any, line: socket, client: Any, server: Any, most: Most) -> None:
        line.setblocking(False)
        self.outlet = Outlet(line)
        super().__init__(cfg, self.outlet, client, server)
        self.line = line
        self.initialized = True  # the parser is made for each request
        self.received = Received(most)
        self.stays = False
        self.watched: tuple[int, bool] | None = None  # for which events, and whether only to part
        self.expect(HEAD)

    def expect(self, patience: Patience) -> None:
        """Begin to wait for something, with this patience."""
        self.patience = patience
        self.since = self.last = time.monotonic()
        self.moved = 0

    def note(self, size: int) -> None:
        """Note that so many bytes have moved."""
        self.moved += size
        self.last = time.monotonic()

    def is_late(self, now: float) -> bool:
        """Whether our patience is at its end."""
        most = min(self.patience.whole + self.moved / self.patience.slowest, self.patience.longest)
        return now > min(self.last + self.patience.silence, self.since + most)

    def take(self, data: bytes) -> None:
        """Take what the client has sent."""
        if self.patience is IDLE:
            self.expect(HEAD)
        self.received.take(data)
        if self.received.has_head and self.patience is HEAD:
            self.expect(BODY)
        self.note(len(data))

    def enter(self) -> None:
        """Have a parser read what has come, and nothing else."""
        self.parser = get_parser(self.cfg, self.received.pieces(), self.client)

    def begin_next(self) -> None:
        """Wait for another request; it may have come already."""
        rest, self.received = self.received.rest, Received(self.received.most)
        self.expect(IDLE)
        if rest:
            self.take(rest)

    def part(self) -> None:
        """Say that nothing more comes from us."""
        with suppress(OSError):
            self.line.shutdown(SHUT_WR)
        self.expect(PARTING)

    def close(self, graceful: bool = False) -> None:
        """Close the connection, and let go of what it has left here."""
        self.received.close()
        self.outlet.release()
        with suppress(OSError):
            self.line.close()
