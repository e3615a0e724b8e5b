"""Where an answer goes: taken at once by the thread that makes it, however slowly it is read."""

from __future__ import annotations

import errno
import select
import time
from contextlib import suppress
from socket import socket
from tempfile import SpooledTemporaryFile

IN_MEMORY = 64 * 1024
STEP = 64 * 1024
# So much of an answer may lie here unread; only then does the thread wait for the reader.
MOST_UNREAD = 8 * 1024 * 1024
SILENCE = 20.0
SLOWEST = 16 * 1024  # bytes a second, on the whole, of a reader whom a thread waits for


class TooSlow(BrokenPipeError):
    """Nobody reads: as good as a connection that broke, and told by nobody's log as an error."""

    def __init__(self) -> None:
        super().__init__(errno.EPIPE, "the client reads too slowly")


class Outlet:
    """What gunicorn takes for the connection's socket, as far as it writes to it."""

    def __init__(self, line: socket) -> None:
        self.line = line
        self.written = 0
        self._sent = 0
        self._unread = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `release`

    def sendall(self, data: bytes) -> None:
        """Take this part of an answer; what the client does not read at once is kept."""
        if self._sent == self.written:
            data = data[self._send(data) :]
        if data:
            self._unread.seek(0, 2)
            self._unread.write(data)
            self.written += len(data)
        if self.written - self._sent > MOST_UNREAD:
            self._wait()

    def flush(self) -> bool:
        """Send what the client takes now; return whether that was all."""
        while self._sent < self.written:
            self._unread.seek(self._sent)
            taken = self._send(self._unread.read(STEP))
            if not taken:
                return False
            self._sent += taken
        self._begin_anew()
        return True

    @property
    def sent(self) -> int:
        """How much of what was kept has been read."""
        return self._sent

    def release(self) -> None:
        """Let go of what nobody will read."""
        with suppress(OSError):
            self._unread.close()

    def _begin_anew(self) -> None:
        if self.written:
            self._unread.seek(0)
            self._unread.truncate()
            self.written = self._sent = 0

    def _send(self, data: bytes) -> int:
        try:
            return self.line.send(data)
        except BlockingIOError:
            return 0

    def _wait(self) -> None:
        """Wait until all is read. Raises `TooSlow`."""
        began, of = time.monotonic(), self.written - self._sent
        while not self.flush():
            late = time.monotonic() > began + SILENCE + of / SLOWEST
            if late or not select.select([], [self.line], [], SILENCE)[1]:
                raise TooSlow

    # --- What else gunicorn asks of a socket ------------------------------------------------------

    def send(self, data: bytes) -> int:
        """Pass over gunicorn's “100 Continue”: the waiting room has said so, or the body is there."""
        return len(data)

    def setblocking(self, flag: bool) -> None:
        """Nothing here blocks."""

    def gettimeout(self) -> float:
        """Say that nothing here blocks."""
        return 0.0

    def shutdown(self, how: int) -> None:
        """Refuse: the waiting room parts from clients, once they have read."""
        raise OSError(errno.ENOTCONN, "the waiting room closes connections")

    def close(self) -> None:
        """Leave that to the waiting room."""
