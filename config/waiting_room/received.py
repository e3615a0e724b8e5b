"""What a connection has sent of one request, and where that request ends.

Only the end is looked for here; gunicorn's parser judges what it says. Where the two could differ (a
length said twice, a coding that we don't know) the request goes to the parser at once, and nothing
more is read from that connection: two readings of one request are how requests are smuggled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

KIB = 1024
LONGEST_HEAD = 64 * KIB
LONGEST_LINE = 8190  # of what stands between chunks; gunicorn's own bound
MOST_DIGITS = 15
IN_MEMORY = 64 * KIB
STEP = 64 * KIB
END_OF_HEAD = b"\r\n\r\n"
HEX = frozenset(b"0123456789abcdefABCDEF")
# Chunks of one byte each are six times as long as what they say.
MOST_WRAPPING = 8


@dataclass(frozen=True)
class Most:
    """How many bytes of a body are of interest: beyond, the answer is 413 whatever comes."""

    plain: int
    with_files: int


class Counted:
    """A body of a length that was told."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.is_broken = False

    def feed(self, data: bytes) -> int:
        """Return how many of these bytes belong to the body."""
        taken = min(self.left, len(data))
        self.left -= taken
        return taken

    @property
    def is_over(self) -> bool:
        """Whether all of it is there."""
        return not self.left


class Chunked:
    """A body in chunks, as RFC 9112 (7.1) has them."""

    def __init__(self, most: int) -> None:
        self.is_over = False
        self.is_broken = False
        self._line = bytearray()
        self._left = 0  # of the chunk that is being read
        self._after = False  # whether a chunk has ended and its line has not
        self._in_trailer = False
        self._room = most + STEP  # so that a reader finds more than it takes before the cut
        self._raw_room = most * MOST_WRAPPING

    def feed(self, data: bytes) -> int:
        """Return how many of these bytes belong to the body."""
        at = 0
        while at < len(data) and not (self.is_over or self.is_broken):
            at = self._of_chunk(data, at) if self._left else self._of_line(data, at)
        self._raw_room -= at
        self.is_broken |= self._raw_room < 0
        return at

    def _of_chunk(self, data: bytes, at: int) -> int:
        taken = min(self._left, len(data) - at)
        self._left -= taken
        self._room -= taken
        self.is_broken |= self._room < 0  # too much: what is there is enough to say so
        return at + taken

    def _of_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at) + 1 or len(data)
        self._line += data[at:end]
        self.is_broken |= len(self._line) > LONGEST_LINE
        if self._line.endswith(b"\n"):
            self._read(bytes(self._line))
            self._line.clear()
        return end

    def _read(self, line: bytes) -> None:
        if self._in_trailer:
            self.is_over = line == b"\r\n"
        elif self._after:
            self._after = False
            self.is_broken |= line != b"\r\n"
        else:
            self._begin_chunk(line.partition(b";")[0].strip())

    def _begin_chunk(self, size: bytes) -> None:
        if not size or len(size) > MOST_DIGITS or not HEX.issuperset(size):
            self.is_broken = True
            return
        self._left = int(size, 16)
        self._after = bool(self._left)
        self._in_trailer = not self._left


class Received:
    """One request as far as it has come. `rest` came behind its end: the beginning of the next one."""

    def __init__(self, most: Most) -> None:
        self.most = most
        self.size = 0
        self.rest = b""
        self.is_ready = False  # for a thread: whole, or such that waiting for more is of no use
        self.is_clean = True  # whether we know where the next request begins
        self.is_too_long = False
        self.wants_to_hear = False  # whether the client waits for a word before it sends the body
        self.has_head = False
        self._head = bytearray()
        self._body: IO[bytes] | None = None
        self._framing: Counted | Chunked | None = None

    def take(self, data: bytes) -> None:
        """Add what has come."""
        self.size += len(data)
        if not self.has_head:
            data = self._take_head(data)
        if self._framing and data and not self.is_ready:
            data = self._take_body(data, self._framing)
        self.rest += data
        self.wants_to_hear &= not self.is_ready

    def cut_off(self) -> None:
        """Take it for all that comes: the parser says what is missing."""
        self.is_ready, self.is_clean = True, False

    def pieces(self) -> Iterator[bytes]:
        """Yield what belongs to the request."""
        yield bytes(self._head)
        if self._body is not None:
            self._body.seek(0)
            while piece := self._body.read(STEP):
                yield piece

    def close(self) -> None:
        """Let go of the body."""
        if self._body is not None:
            self._body.close()

    def _take_head(self, data: bytes) -> bytes:
        """Return what comes behind the head."""
        looked = max(0, len(self._head) - len(END_OF_HEAD) + 1)
        self._head += data
        end = self._head.find(END_OF_HEAD, looked)
        if end < 0:
            self.is_too_long = len(self._head) > LONGEST_HEAD
            return b""
        end += len(END_OF_HEAD)
        behind = bytes(self._head[end:])
        del self._head[end:]
        self.has_head = True
        self._look_for_end()
        return behind

    def _take_body(self, data: bytes, framing: Counted | Chunked) -> bytes:
        """Return what comes behind the body."""
        taken = framing.feed(data)
        if self._body is None:
            self._body = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._body.write(data[:taken])
        if framing.is_broken:
            self.cut_off()
        self.is_ready |= framing.is_over
        return data[taken:]

    def _look_for_end(self) -> None:
        fields: dict[bytes, list[bytes]] = {}
        for line in bytes(self._head).split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            fields.setdefault(name.strip().lower(), []).append(value.strip().lower())
        self._frame(fields)
        self.wants_to_hear = fields.get(b"expect") == [b"100-continue"]

    def _frame(self, fields: dict[bytes, list[bytes]]) -> None:
        lengths = fields.get(b"content-length", [])
        codings = fields.get(b"transfer-encoding", [])
        kind = (fields.get(b"content-type") or [b""])[-1]
        has_files = kind.startswith(b"multipart/form-data")
        most = self.most.with_files if has_files else self.most.plain
        if codings == [b"chunked"] and not lengths:
            self._framing = Chunked(most)
        elif codings or len(lengths) > 1:
            self.cut_off()
        elif lengths:
            self._count(lengths[0], most)
        else:
            self.is_ready = True

    def _count(self, length: bytes, most: int) -> None:
        told = int(length) if length.isdigit() and len(length) <= MOST_DIGITS else None
        if told == 0:
            self.is_ready = True
        elif told is None or told > most:
            self.cut_off()
        else:
            self._framing = Counted(told)
