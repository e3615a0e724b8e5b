"""A suspension is felt in every web process within five seconds, and so is its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from billing import access
from devstack import ports, processes, services
from public_apps.tenants import suspension
from tests.core.web_stack import HttpClient, WebStack, create_workspace

PROCESSES = 4
WITHIN_SECONDS = 5.0
REQUESTS = 120


@pytest.fixture
def four_processes(web_stack: WebStack) -> Iterator[tuple[HttpClient, int]]:
    """A web server of four processes on the web stack's database: its door, and its master's id."""
    stack, port = web_stack.stack, ports.free()
    environ = {**stack.env, "PORT": str(port), "WEB_CONCURRENCY": str(PROCESSES)}
    running = processes.launch(
        services.web(port=port, environ=environ), logs=stack.logs, watchdog=stack.watchdog
    )
    try:
        processes.wait_until_ready(running)
        yield HttpClient(port), running.pid
    finally:
        processes.stop(running, watchdog=stack.watchdog)


def worked(master: int) -> dict[int, float]:
    """Return how long each web process has worked, in seconds."""
    children = psutil.Process(master).children(recursive=True)
    return {
        child.pid: sum(child.cpu_times()[:2])
        for child in children
        if "gunicorn" in str(child.cmdline())
    }


def answers(http_client: HttpClient, host: str) -> set[int]:
    """Return what many requests at once are answered, each on a connection of its own."""

    def ask(_number: int) -> int:
        headers = {"Connection": "close"}
        return http_client.ask("GET", "/", host=host, headers=headers).status_code

    with ThreadPoolExecutor(max_workers=16) as clients:
        return set(clients.map(ask, range(REQUESTS)))


def test_four_web_processes_suspend_and_resume_within_five_seconds(
    four_processes: tuple[HttpClient, int],
) -> None:
    http_client, master = four_processes
    workspace = create_workspace()
    before = worked(master)
    assert answers(http_client, workspace.host) == {
        302
    }  # to sign-in: each process now holds the tenant as open
    busy = [pid for pid, seconds in worked(master).items() if seconds > before.get(pid, 0)]
    assert len(busy) == PROCESSES

    suspension.hold(tenant=workspace.tenant, reason="unpaid", by="anna@staff.example")
    time.sleep(WITHIN_SECONDS)
    assert answers(http_client, workspace.host) == {402}

    access.resume(tenant=workspace.tenant, by="anna@staff.example")
    time.sleep(WITHIN_SECONDS)
    assert answers(http_client, workspace.host) == {302}
