"""The application's parts as processes: what runs, and how each shows that it serves."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from devstack.environment import without_settings
from devstack.processes import Part, PartFailed, tail


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer: its status and body."""

    status: int
    body: bytes


def get(port: int, path: str, *, timeout: float = 5.0) -> Answer | None:
    """Return the answer of 127.0.0.1:port, or None if nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Answer(status=response.status, body=response.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def mail(*, port: int, page_port: int, folder: Path) -> Part:
    """The mail catcher, and the page on which its mails are read."""
    command = (
        sys.executable, "-m", "devstack.mailcatcher", "--port", str(port), "--dir", str(folder),
        "--page-port", str(page_port),
    )  # fmt: skip
    return Part(
        name="mail",
        command=command,
        ready=lambda: _greets(port),
        hint="SMTP_PORT and MAIL_PAGE_PORT ask for ports of your choice.",
        environ=_plain(),
    )


def mock_stripe(*, port: int, folder: Path, web_port: int, environ: Mapping[str, str]) -> Part:
    """The mock Stripe; it is told nothing of the product but where its webhook is."""
    command = (
        sys.executable, "-m", "mock_stripe",
        "--port", str(port),
        "--state", str(folder),
        "--webhook-url", f"http://127.0.0.1:{web_port}/api/billing/webhook/stripe/",
        "--webhook-secret", environ["STRIPE_WEBHOOK_SECRET"].split(",")[0].strip(),
        "--secret-key", environ["STRIPE_SECRET_KEY"],
        "--public-url", f"http://localhost:{port}",
    )  # fmt: skip
    return Part(
        name="mock_stripe",
        command=command,
        ready=lambda: get(port, "/_control/ready") is not None,
        hint="MOCK_STRIPE_PORT asks for a port of your choice; STRIPE_API_BASE for another Stripe.",
        environ=_plain(),
    )


def web(*, port: int, environ: Mapping[str, str]) -> Part:
    """The web server, as in production."""
    return Part(
        name="web",
        command=(
            sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi:application",
        ),
        ready=lambda: _is_ok(get(port, "/healthz")),
        hint="PORT asks for a port of your choice.",
        environ=environ,
    )  # fmt: skip


def worker(*, environ: Mapping[str, str]) -> Part:
    """The worker, as in production; that it works is seen in the web's /readyz."""
    return Part(
        name="worker",
        command=(sys.executable, "manage.py", "worker"),
        ready=lambda: True,
        hint="Does the database answer, and are all migrations applied?",
        environ=environ,
    )


def not_ready(port: int) -> list[str]:
    """Return what /readyz calls failing; empty when all is well."""
    answer = get(port, "/readyz")
    if answer is None:
        return ["web"]
    if _is_ok(answer):
        return []
    try:
        failing = json.loads(answer.body)["failing"]
    except (ValueError, KeyError, TypeError):
        return [f"web answers {answer.status}"]
    return [str(name) for name in failing]


def wait_until_ready(port: int, *, timeout: float, log: Callable[[str], Path]) -> None:
    """Return when /readyz is content. Raises PartFailed with what is not after so many seconds."""
    deadline = time.monotonic() + timeout
    while failing := not_ready(port):
        if time.monotonic() >= deadline:
            name = "worker" if "worker" in failing else "web"
            raise PartFailed(
                name,
                f"is not ready after {timeout:.0f} s: {', '.join(failing)}",
                log=log(name),
                log_tail=tail(log(name)),
                hint=f"GET http://127.0.0.1:{port}/readyz tells more.",
            )
        time.sleep(0.1)


def _is_ok(answer: Answer | None) -> bool:
    return answer is not None and answer.status == HTTPStatus.OK


def _greets(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


def _plain() -> dict[str, str]:
    """The environment for what is not the product: without any of its settings or secrets."""
    return without_settings(os.environ)
