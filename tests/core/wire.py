"""Requests written by hand: chunked or not, well or badly, as clients send them and libraries won't."""

from __future__ import annotations

import http.client
import io
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.core.web_stack import HttpClient

PIECE = 16 * 1024


@dataclass(frozen=True)
class Heard:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:  # what a document holds is for the caller to check
        """The body as JSON."""
        return json.loads(self.body)


def send(
    http_client: HttpClient,
    method: str,
    path: str,
    body: bytes,
    *,
    host: str = "localhost",
    chunked: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Heard:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(http_client.url).netloc, timeout=60)
    given = {"Host": host, "X-Forwarded-For": http_client.address, **(headers or {})}
    try:
        sent = _pieces(body) if chunked else body
        connection.request(method, path, sent, given, encode_chunked=chunked)
        answer = connection.getresponse()
        return Heard(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def send_raw(http_client: HttpClient, *pieces: bytes, rudely: bool = False) -> Heard | None:
    """Write these bytes and return what is answered; `rudely`, hang up without waiting for it."""
    where = urlsplit(http_client.url)
    with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
        for piece in pieces:
            connection.sendall(piece)
        if rudely:
            # Reset rather than close: unread bytes and all, as when a phone leaves the network.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return None
        connection.shutdown(socket.SHUT_WR)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return Heard(answer.status, answer.headers, answer.read())


def head(
    http_client: HttpClient, path: str, *lines: str, method: str = "POST", host: str = "localhost"
) -> bytes:
    """Return the beginning of a request, to be followed by its body."""
    given = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        f"X-Forwarded-For: {http_client.address}",
    ]
    return "\r\n".join([*given, *lines, "", ""]).encode()


def multipart(**parts: str | tuple[str, bytes]) -> tuple[bytes, str]:
    """Return a form with files, and its Content-Type."""
    body = io.BytesIO()
    for name, part in parts.items():
        file = f'; filename="{part[0]}"' if isinstance(part, tuple) else ""
        data = part[1] if isinstance(part, tuple) else part.encode()
        body.write(
            f'--seam\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode()
        )
        body.write(data + b"\r\n")
    body.write(b"--seam--\r\n")
    return body.getvalue(), "multipart/form-data; boundary=seam"


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]
