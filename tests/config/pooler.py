"""A pooler between us and PostgreSQL, like PgBouncer: it forwards each transaction, or each session.

Backends are made by libpq, which signs in; then their sockets are spoken to as PostgreSQL's protocol
has it (version 3: a letter, a length, a body).
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

import psycopg

Mode = Literal["transaction", "session"]
SSL, GSS, CANCEL = 80877103, 80877104, 80877102
END_OF_BATCH = frozenset({b"Q", b"S"})  # a simple query, or the Sync of extended ones


class Backend:
    """A session at the server that clients are lent."""

    def __init__(self, url: str) -> None:
        self._signed_in = psycopg.connect(url, autocommit=True, sslmode="disable")
        self.wire = socket.socket(fileno=os.dup(self._signed_in.fileno()))
        self.wire.setblocking(True)
        self.wire.settimeout(30)

    def close(self) -> None:
        """End the session."""
        self.wire.close()
        self._signed_in.close()


class Pooler:
    """Takes clients without a password, and lends them backends, the one given back last first."""

    def __init__(self, url: str, mode: Mode) -> None:
        self._url, self._mode = url, mode
        self._idle: list[Backend] = []
        self._made: list[Backend] = []
        self._guard = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0))
        parts = urlsplit(url)
        port = self._door.getsockname()[1]
        self.url = parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        self.clients = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Serve nobody any more."""
        self._door.close()
        for backend in self._made:
            backend.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _address = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._attend, args=(client,), daemon=True).start()

    def _attend(self, client: socket.socket) -> None:
        held: Backend | None = None
        with client:
            try:
                if not _greeted(client):
                    return
                self.clients += 1
                while (message := _message(client))[:1] != b"X":
                    held = held or self._lent()
                    held.wire.sendall(message)
                    if message[:1] in END_OF_BATCH:
                        in_transaction = _answered(held.wire, client)
                        if self._mode == "transaction" and not in_transaction:
                            self._returned(held)
                            held = None
            except (OSError, EOFError):
                return  # the client or the server has gone
            finally:
                if held:
                    held.wire.sendall(_packed(b"Q", b"ROLLBACK\0"))
                    _answered(held.wire, None)
                    held.wire.sendall(_packed(b"Q", b"DISCARD ALL\0"))
                    _answered(held.wire, None)
                    self._returned(held)

    def _lent(self) -> Backend:
        with self._guard:
            if self._idle:
                return self._idle.pop()
            made = Backend(self._url)
            self._made.append(made)
            return made

    def _returned(self, backend: Backend) -> None:
        with self._guard:
            self._idle.append(backend)


@contextmanager
def pooler(url: str, mode: Mode) -> Iterator[Pooler]:
    """Have a pooler in front of the database of `url`."""
    made = Pooler(url, mode)
    try:
        yield made
    finally:
        made.close()


def _greeted(client: socket.socket) -> bool:
    """Let a client in; False for one that only wants a query to be cancelled."""
    while True:
        (length,) = struct.unpack("!I", _exactly(client, 4))
        body = _exactly(client, length - 4)
        (code,) = struct.unpack("!I", body[:4])
        if code in {SSL, GSS}:
            client.sendall(b"N")
            continue
        if code == CANCEL:
            return False
        told = {"server_version": "18.0", "client_encoding": "UTF8", "TimeZone": "UTC"}
        told |= {"standard_conforming_strings": "on", "integer_datetimes": "on"}
        client.sendall(_packed(b"R", struct.pack("!I", 0)))
        for name, value in told.items():
            client.sendall(_packed(b"S", f"{name}\0{value}\0".encode()))
        client.sendall(_packed(b"K", struct.pack("!II", 1, 1)) + _packed(b"Z", b"I"))
        return True


def _answered(server: socket.socket, client: socket.socket | None) -> bool:
    """Pass on what the server says to one batch; whether a transaction is open behind it."""
    while True:
        message = _message(server)
        if client:
            client.sendall(message)
        if message[:1] == b"Z":
            return message[-1:] != b"I"


def _message(wire: socket.socket) -> bytes:
    head = _exactly(wire, 5)
    (length,) = struct.unpack("!I", head[1:])
    return head + _exactly(wire, length - 4)


def _packed(letter: bytes, body: bytes) -> bytes:
    return letter + struct.pack("!I", len(body) + 4) + body


def _exactly(wire: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = wire.recv(size - len(got))
        if not piece:
            raise EOFError
        got += piece
    return got
