"""Slow clients beside honest ones: how much longer these wait, for 24, 200 and 1,000 of those.

A slow client sends a byte of its headers, or of a body that it has announced, every two seconds, or
asks for much and reads a byte every two seconds.
"""

from __future__ import annotations

import http.client
import multiprocessing
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from operator import ge
from typing import Any

from benchmarks.figures import Report, percentile
from benchmarks.load import HOOK
from benchmarks.world import main, world
from devstack.stack import Stack

CROWDS = (24, 200, 1000)
PAUSE = 2.0
HONEST = 4  # honest clients, one request after the other
PAGE = "/"
CHECKOUT = "/api/billing/checkout/"
READY = 3.0  # seconds for a crowd to have come in
WAYS: dict[str, tuple[bytes, bytes]] = {
    "headers": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ", b"a"),
    "bodies": (
        f"POST {CHECKOUT} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 100000\r\n\r\n".encode(),
        b" ",
    ),
    "deliveries": (
        f"POST {HOOK} HTTP/1.1\r\nHost: localhost\r\nStripe-Signature: t=1,v1=2\r\n"
        "Transfer-Encoding: chunked\r\n\r\n".encode(),
        b"1\r\na\r\n",
    ),
    "readers": (b"GET /api/schema/?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n", b""),
}


def measure(report: Report, quick: bool) -> None:
    """Ask for pages alone and beside each crowd, in turn; print how much longer it took."""
    seconds, rounds = (6.0, 1) if quick else (15.0, 3)
    with world("web") as stack:
        _ask(stack, seconds)  # warm
        for way in WAYS:
            for crowd in CROWDS[:1] if quick else CROWDS:
                ratios, slowest = _beside(stack, way, crowd, seconds, rounds)
                report.add(
                    f"p99 beside {crowd} slow {way}, over p99 alone", "times", ratios,
                    goal="≤ 2", holds=partial(ge, 2),
                )  # fmt: skip
                report.add(f"the slowest beside {crowd} slow {way}", "ms", slowest)


def _beside(
    stack: Stack, way: str, crowd: int, seconds: float, rounds: int
) -> tuple[list[float], list[float]]:
    ratios, slowest = [], []
    for _ in range(rounds):
        alone = _ask(stack, seconds)
        with _crowd(stack, way, crowd):
            beside = _ask(stack, seconds)
        ratios.append(percentile(beside, 0.99) / percentile(alone, 0.99))
        slowest.append(max(beside))
    return ratios, slowest


def _ask(stack: Stack, seconds: float) -> list[float]:
    """Return how long honest requests take, in ms; they come from a process of their own."""
    with multiprocessing.get_context("spawn").Pool(HONEST) as pool:
        shares = pool.starmap(_one_by_one, [(stack.web_port, seconds)] * HONEST)
    return [wait for share in shares for wait in share]


def _one_by_one(port: int, seconds: float) -> list[float]:
    waits = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", PAGE, headers={"Host": "localhost"})
        assert connection.getresponse().read()
        connection.close()
        waits.append(1000 * (time.perf_counter() - began))
        time.sleep(0.05)
    return waits


@contextmanager
def _crowd(stack: Stack, way: str, size: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    done = context.Event()
    process = context.Process(target=_dawdle, args=(stack.web_port, way, size, done))
    process.start()
    time.sleep(READY)
    try:
        yield
    finally:
        done.set()
        process.join(30)
        process.kill()


def _dawdle(port: int, way: str, size: int, done: Any) -> None:
    """Keep so many connections busy with nothing; whoever is turned out comes again."""
    opening, drop = WAYS[way]
    lines: list[socket.socket] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    while not done.is_set():
        began = time.monotonic()
        lines += [_come(port, opening) for _ in range(size - len(lines))]
        lines = [line for line in lines if _goes_on(line, drop)]
        done.wait(max(0.0, began + PAUSE - time.monotonic()))
    for line in lines:
        line.close()


def _come(port: int, opening: bytes) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(10)
    line.connect(("127.0.0.1", port))
    line.sendall(opening)
    line.setblocking(False)
    return line


def _goes_on(line: socket.socket, drop: bytes) -> bool:
    """Send or read the next byte; return whether the connection still stands."""
    try:
        if drop:
            line.send(drop)
        is_open = line.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        is_open = False
    if not is_open or drop:  # whoever waits for a request and answers has had enough of it
        line.close()
        return False
    return True


if __name__ == "__main__":
    main(measure)
