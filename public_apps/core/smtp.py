"""SMTP whose whole conversation can be cut off: a timeout of the socket bounds each read alone.

A server that sends a line every few seconds would keep a caller for ever.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
from functools import partial
from threading import Lock
from typing import Any

from django.core.mail.backends import smtp


class Line:
    """The wire of one conversation, which another thread may cut."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._is_cut = False
        self._wire: socket.socket | None = None

    def hold(self, connected: socket.socket) -> None:
        """Remember a wire, whatever TLS will make of its socket. Raises `TimeoutError` if cut."""
        with self._lock:
            if self._is_cut:
                raise TimeoutError("The mail server took too long.")
            self._wire = connected.dup()

    def cut(self) -> None:
        """End the conversation from both sides, now or as soon as it begins."""
        with self._lock:
            self._is_cut = True
            if self._wire is not None:
                with contextlib.suppress(OSError):  # it has ended by itself
                    self._wire.shutdown(socket.SHUT_RDWR)
                self._wire.close()
                self._wire = None


class _Smtp(smtplib.SMTP):
    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        self._line = line
        super().__init__(*args, **kwargs)

    def _get_socket(self, *args: Any, **kwargs: Any) -> socket.socket:
        connected: socket.socket = super()._get_socket(*args, **kwargs)  # type: ignore[misc]  # where SMTP_SSL steps in, too
        self._line.hold(connected)
        return connected


class _SmtpSsl(smtplib.SMTP_SSL, _Smtp):
    """Encrypted from the first byte: its handshake comes after the wire is held."""

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        self._line = line
        smtplib.SMTP_SSL.__init__(self, *args, **kwargs)  # which passes _Smtp's by


class EmailBackend(smtp.EmailBackend):
    """Django's, on a line that can be cut."""

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wire = line

    @property
    def connection_class(self) -> Any:
        """Return what Django calls to connect."""
        return partial(_SmtpSsl if self.use_ssl else _Smtp, line=self._wire)
