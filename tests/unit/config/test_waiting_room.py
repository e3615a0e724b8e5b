"""Where a request ends is found as it comes; an answer is taken however it is read."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import pytest_socket

from config.waiting_room import outlet
from config.waiting_room.outlet import Outlet, TooSlow
from config.waiting_room.received import LONGEST_HEAD, STEP, Most, Received
from config.waiting_room.visit import BODY, HEAD, IDLE, Patience, Visit

MOST = Most(plain=1000, with_files=5000)
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
NEXT = b"GET /next HTTP/1.1\r\n"


def received(*pieces: bytes) -> Received:
    """Return a request as it stands after these pieces, its body in memory."""
    found = Received(MOST)
    for piece in pieces:
        found.take(piece)
    found.close()
    return found


def by_bytes(text: bytes) -> list[bytes]:
    """Return the text byte by byte."""
    return [text[at : at + 1] for at in range(len(text))]


WHOLE = {
    "without a body": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "with an empty one": POST + b"Content-Length: 0\r\n\r\n",
    "with a length": POST + b"content-length: 5\r\n\r\nabcde",
    "in chunks": POST
    + b"Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
    "with a trailer": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\n\r\n",
    "with nothing in chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_request_is_ready_with_its_last_byte_and_not_before(name: str) -> None:
    text = WHOLE[name]
    for pieces in ([text], by_bytes(text), [text[:-1], text[-1:] + NEXT]):
        found = Received(MOST)
        for piece in pieces:
            assert not found.is_ready
            found.take(piece)
        assert found.is_ready
        assert found.is_clean
        assert b"".join(found.pieces()) == text
        assert found.rest in {b"", NEXT}
        found.close()


UNCLEAR = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 7\r\n\r\n",
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a coding that we don't know": b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "no number": b"Content-Length: -5\r\n\r\n",
    "too much": b"Content-Length: 1001\r\n\r\n",
    "too much of files": b"Content-Type: Multipart/form-data\r\nContent-Length: 5001\r\n\r\n",
    "a chunk of no size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a negative chunk": b"Transfer-Encoding: chunked\r\n\r\n-5\r\n",
    "nothing between chunks": b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n",
    "an endless line": b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 9000,
    "an endless trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 20_000,
    "too many chunks": b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * (STEP + 1001),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_what_has_no_clear_end_goes_to_the_parser_and_is_the_connections_last(name: str) -> None:
    found = received(POST + UNCLEAR[name])
    assert found.is_ready
    assert not found.is_clean


def test_files_may_be_larger_than_forms() -> None:
    kind = b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5000\r\n\r\n"
    assert not received(POST + kind).is_ready
    assert received(POST + kind, b"x" * 5000).is_clean


def test_headers_have_an_end() -> None:
    assert not received(POST + b"a" * 1000).is_too_long
    assert received(POST + b"a" * LONGEST_HEAD).is_too_long


def test_whoever_waits_for_a_word_is_told_to_go_on_unless_the_body_is_refused() -> None:
    expects = b"Expect: 100-continue\r\n"
    assert received(POST + expects + b"Content-Length: 5\r\n\r\n").wants_to_hear
    assert not received(POST + expects + b"Content-Length: 5000\r\n\r\n").wants_to_hear
    assert not received(POST + expects + b"Content-Length: 5\r\n\r\nabcde").wants_to_hear


@pytest.mark.parametrize(
    ("patience", "moved", "after", "silent", "is_late"),
    [
        (HEAD, 60_000, 11, 1, True),
        (BODY, 10, 31, 1, True),
        (BODY, 10, 29, 1, False),
        (BODY, 10_000_000, 100, 21, True),
        (BODY, 10_000_000, 100, 19, False),
        (BODY, 10_000_000, 901, 1, True),
        (IDLE, 0, 6, 6, True),
    ],
)
def test_nobody_is_waited_for_without_end(
    pair: tuple[socket.socket, socket.socket],
    patience: Patience, moved: int, after: float, silent: float, is_late: bool,
) -> None:  # fmt: skip
    visit = Visit(None, pair[0], None, None, MOST)
    visit.expect(patience)
    visit.moved = moved
    now = visit.since + after
    visit.last = now - silent
    assert visit.is_late(now) == is_late
    visit.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection: our end, and the client's."""
    pytest_socket.enable_socket()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.settimeout(10)
    yield ours, theirs
    ours.close()
    theirs.close()


def test_a_large_answer_is_taken_at_once_and_read_bit_by_bit(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    way_out = Outlet(ours)
    answer = bytes(range(256)) * 8_000
    began = time.monotonic()
    for at in range(0, len(answer), 100_000):
        way_out.sendall(answer[at : at + 100_000])
    assert time.monotonic() - began < 1
    heard = b""
    while not way_out.flush() or len(heard) < len(answer):
        heard += theirs.recv(300_000)
    assert heard == answer
    way_out.sendall(b"and another")
    assert theirs.recv(100) == b"and another"
    way_out.release()


def test_a_thread_waits_for_a_reader_only_beyond_what_may_lie_unread_and_not_for_ever(
    pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet, "MOST_UNREAD", 1_000_000)
    monkeypatch.setattr(outlet, "SILENCE", 0.2)
    way_out = Outlet(pair[0])
    way_out.sendall(b"x" * 900_000)
    with pytest.raises(TooSlow):
        way_out.sendall(b"x" * 900_000)
    way_out.release()
