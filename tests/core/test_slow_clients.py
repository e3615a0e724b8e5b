"""Slow clients wait by themselves: one thread serves everybody else meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from config.waiting_room import visit
from tests.core.web_stack import HttpClient, WebStack, another_web
from tests.core.wire import head

CHECKOUT = "/api/billing/checkout/"
HOOK = "/api/billing/webhook/stripe/"
LENGTH = "Content-Length: 100000"
CHUNKED = "Transfer-Encoding: chunked"
CROWD = 24
SOON = 3.0  # seconds more than on an empty server; whoever waits for a thread waits far longer


@pytest.fixture
def web(web_stack: WebStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server of one process and one thread."""
    with another_web(web_stack, tmp_path, WEB_THREADS="1") as web:
        yield web


def connected(web: HttpClient) -> socket.socket:
    """Open a connection that takes little at once."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(60)
    line.connect(("127.0.0.1", web.port))
    return line


@contextmanager
def crowd(web: HttpClient, opening: bytes, drop: bytes = b"") -> Iterator[list[socket.socket]]:
    """Keep many connections busy: each sends its opening, and then a little every half second."""
    over = Event()
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(web)) for _ in range(CROWD)]
        for line in lines:
            line.sendall(opening)

        def drip() -> None:
            while not over.wait(0.5):
                for line in lines:
                    line.send(drop)

        thread = Thread(target=drip)
        if drop:
            thread.start()
        try:
            yield lines
        finally:
            over.set()
            if drop:
                thread.join()


# What each client of a crowd sends first, and then again and again.
CROWDS: dict[str, tuple[Callable[[HttpClient], bytes], bytes]] = {
    "headers": (lambda _web: b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"a"),
    "nothing": (lambda _web: b"", b""),
    "a body for checkout": (lambda web: head(web, CHECKOUT, LENGTH), b" "),
    "a body for the webhook": (lambda web: head(web, HOOK, LENGTH), b" "),
    "chunks for the webhook": (lambda web: head(web, HOOK, CHUNKED), b"1\r\na\r\n"),
    "chunks for a page": (lambda web: head(web, "/", CHUNKED), b"1\r\na\r\n"),
}


def patience(web: HttpClient) -> float:
    """Return how long an honest client may wait, by what it waits when there is nobody else."""
    served(web)
    return SOON + 5 * served(web)


def served(web: HttpClient) -> float:
    """Be an honest client; return the seconds that it takes."""
    began = time.monotonic()
    assert web.ask("GET", "/healthz").status_code == 200
    assert web.ask("POST", CHECKOUT, json={}).status_code == 400
    return time.monotonic() - began


def test_honest_requests_go_on_beside_whoever_dawdles(web: HttpClient) -> None:
    soon = patience(web)
    for name, (opening, drop) in CROWDS.items():
        with crowd(web, opening(web), drop):
            time.sleep(1)
            assert max(served(web) for _ in range(3)) < soon, name


def test_honest_requests_go_on_beside_whoever_reads_nothing(web: HttpClient) -> None:
    soon = patience(web)
    ask = head(web, "/api/schema/?format=json", method="GET")
    with crowd(web, ask + ask):
        served(web)  # those before it are done
        assert max(served(web) for _ in range(3)) < soon


def test_whoever_takes_too_long_is_told_so(http_client: HttpClient) -> None:
    with connected(http_client) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        began = time.monotonic()
        heard = line.makefile("rb").read().decode()
        assert heard.startswith("HTTP/1.1 408 Request Timeout\r\n")
        assert "took too long" in heard
        assert "άργησε" in heard
        assert time.monotonic() - began < 2 * visit.HEAD.whole


def test_headers_without_end_are_refused(http_client: HttpClient) -> None:
    with connected(http_client) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000)
        assert line.recv(100).startswith(b"HTTP/1.1 431 ")


def test_whoever_asks_before_sending_is_told_to_go_on_once(http_client: HttpClient) -> None:
    with connected(http_client) as line:
        lines = ("Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue")
        line.sendall(head(http_client, CHECKOUT, *lines))
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"{}")
        assert line.recv(100).startswith(b"HTTP/1.1 400 ")
    with connected(http_client) as line:
        line.sendall(head(http_client, CHECKOUT, "Content-Length: 9000000", "Expect: 100-continue"))
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_requests_that_come_together_are_answered_one_after_the_other(
    http_client: HttpClient,
) -> None:
    one = head(http_client, CHECKOUT, "Content-Type: application/json", "Content-Length: 2") + b"{}"
    last = head(http_client, "/healthz", "Connection: close", method="GET")
    with connected(http_client) as line:
        line.sendall(one + one + last)
        heard = line.makefile("rb").read()
    assert heard.count(b"HTTP/1.1 400 ") == 2
    assert heard.count(b"HTTP/1.1 200 ") == 1
    assert heard.index(b"HTTP/1.1 200 ") > heard.rindex(b"HTTP/1.1 400 ")


def test_two_readings_of_a_length_do_not_make_a_second_request(http_client: HttpClient) -> None:
    hidden = head(http_client, "/healthz", method="GET")
    for lines in (
        (f"Content-Length: {len(hidden)}", "Content-Length: 0"),
        ("Content-Length: 0", CHUNKED),
    ):
        with connected(http_client) as line:
            line.sendall(head(http_client, CHECKOUT, *lines) + hidden)
            heard = line.makefile("rb").read()
        assert heard.startswith(b"HTTP/1.1 400 ")
        assert heard.count(b"HTTP/1.1 ") == 1


def test_a_refusal_is_read_by_whoever_sends_on_regardless(http_client: HttpClient) -> None:
    """The connection is not closed on what is still coming: that would cut the answer off."""
    with connected(http_client) as line:
        line.sendall(head(http_client, CHECKOUT, "Content-Length: 4000000") + b"x" * 4_000_000)
        heard = line.makefile("rb").read()
    assert heard.startswith(b"HTTP/1.1 413 ")
    assert b"Send at most 1 MiB." in heard
