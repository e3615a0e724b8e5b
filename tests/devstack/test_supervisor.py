"""A part that dies while the system serves is started again, with a line that says so."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psycopg
import pytest

from devstack.stack import Stack
from devstack.supervisor import Supervisor
from tests.devstack.waiting import eventually


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervised(stack: Stack, said: list[str]) -> Iterator[Stack]:
    stack.start_part("postgres")
    stack.start_part("mail")
    supervisor = Supervisor(stack, say=said.append, changed=lambda: None)
    supervisor.start()
    yield stack
    supervisor.finish()


@pytest.mark.parametrize("name", ["mail", "postgres"])
def test_a_killed_part_serves_again_at_its_old_address(
    supervised: Stack, said: list[str], name: str
) -> None:
    before = supervised.pids[name]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: f"{name} serves again." in said)
    assert any(line.startswith(f"{name} ended (signal SIGKILL)") for line in said)
    assert supervised.pids[name] != before
    psycopg.connect(supervised.database_url).close()


def test_a_stopped_part_stays_stopped(supervised: Stack, said: list[str]) -> None:
    supervised.stop_part("mail")
    supervised.restart_part("postgres")
    assert said == []
    assert "mail" not in supervised.pids
