"""Connections that send a byte every two seconds: half of them never end a header, half a body."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

BYTE_EVERY = 2.0
PROMISED = 100_000
PATHS = ("/api/billing/webhook/stripe/", "/api/billing/checkout/")


def hold(port: int, *, count: int, seconds: float, over: threading.Event) -> int:
    """Hold so many connections for so long; return how many were not cut off by then."""
    begun = [_begun(port, number) for number in range(count)]
    held = [each for each in begun if each is not None]
    deadline = time.monotonic() + seconds
    try:
        while (left := deadline - time.monotonic()) > 0 and not over.wait(min(BYTE_EVERY, left)):
            held = [each for each in held if _drips(each)]
        return len(held)
    finally:
        for each in filter(None, begun):
            each.close()


def _begun(port: int, number: int) -> socket.socket | None:
    path = PATHS[number // 2 % len(PATHS)]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    whole = f"{head}Content-Length: {PROMISED}\r\n\r\n" if number % 2 else f"{head}X-Slow: "
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    except OSError:
        return None  # the web is away at this moment
    with contextlib.suppress(OSError):
        connection.sendall(whole.encode())
    return connection


def _drips(connection: socket.socket) -> bool:
    try:
        connection.sendall(b" ")
    except OSError:
        return False
    return True
