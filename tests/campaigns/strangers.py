"""Connections that send a byte every two seconds: half of them never end a header, half a body."""

from __future__ import annotations

import socket
import threading
import time

BYTE_EVERY = 2.0
PROMISED = 100_000
PATHS = ("/api/billing/webhook/stripe/", "/api/billing/checkout/")


def come(port: int, *, count: int, seconds: float, over: threading.Event) -> int:
    """Hold so many connections for so long, each begun anew if it is cut; return how many were."""
    held: dict[int, socket.socket | None] = dict.fromkeys(range(count))
    cut = 0
    deadline = time.monotonic() + seconds
    try:
        while (left := deadline - time.monotonic()) > 0:
            for number, connection in held.items():
                if connection is not None:
                    if _drips(connection):
                        continue
                    connection.close()
                    cut += 1
                held[number] = _begun(port, number)
            if over.wait(min(BYTE_EVERY, left)):
                break
        return cut
    finally:
        for connection in filter(None, held.values()):
            connection.close()


def _begun(port: int, number: int) -> socket.socket | None:
    path = PATHS[number // 2 % len(PATHS)]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    whole = f"{head}Content-Length: {PROMISED}\r\n\r\n" if number % 2 else f"{head}X-Slow: "
    try:
        connection = socket.create_connection(("127.0.0.1", port), timeout=5)
        connection.sendall(whole.encode())
    except OSError:
        return None  # the web is away at this moment
    return connection


def _drips(connection: socket.socket) -> bool:
    try:
        connection.sendall(b" ")
    except OSError:
        return False
    return True
