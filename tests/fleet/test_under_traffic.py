"""A release while people work in every workspace: nobody gets an error, nobody waits for long."""

from __future__ import annotations

import json
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from devstack.stack import Stack
from public_apps.core.schema_context import inside
from tenant_apps.announcements.models import Announcement
from tests import templates
from tests.core.web_stack import (
    HttpClient,
    Workspace,
    connected_to,
    create_workspace,
    plain_environ,
)

BUSY = {"DJANGO_SETTINGS_MODULE": "tests.fleet.busy_release.settings"}
TENANTS = int(os.environ.get("FLEET_TENANTS", "8"))  # the acceptance run takes 300
FEW = 4  # where it is no matter of numbers
PEOPLE = 4  # each with workspaces of their own
# A busy machine is slow; who waited for a lock that nobody gives up waits for ever.
LONGEST_WAIT = 10.0
PATH = "/api/announcements/"


@dataclass
class Home:
    """A workspace with somebody who is signed in, and what they have written."""

    workspace: Workspace
    token: str
    written: int = 0


@dataclass
class Traffic:
    """People who read and write in workspaces, each in one at a time, as fast as they are answered."""

    port: int
    homes: list[Home]
    waits: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Let them work for as long as the block runs, and finish what they are at."""
        with ThreadPoolExecutor(PEOPLE) as threads:
            some = range(min(PEOPLE, len(self.homes)))
            people = [threads.submit(self._work, number) for number in some]
            try:
                yield
            finally:
                self.over.set()
                for person in people:
                    person.result()

    def _work(self, number: int) -> None:
        http_client = HttpClient(self.port)
        mine = self.homes[number::PEOPLE]  # so that nobody else counts what they write
        while not self.over.is_set():
            home = random.choice(mine)  # noqa: S311 - chance, no secret
            self._ask(http_client, home, "GET", 200)
            self._ask(http_client, home, "POST", 201)
            home.written += 1

    def _ask(self, http_client: HttpClient, home: Home, method: str, good: int) -> None:
        body = {"title": "Water", "body": "Off on Monday."} if method == "POST" else None
        headers = {"X-Session-Token": home.token}
        asked = time.monotonic()
        answer = http_client.ask(method, PATH, host=home.workspace.host, headers=headers, json=body)
        self.waits.append(time.monotonic() - asked)
        if answer.status_code != good:
            self.errors.append(f"{method} {answer.status_code} {answer.text[:200]}")


@pytest.fixture
def stack(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker
) -> Iterator[Stack]:
    """A database and a web server of their own: afterwards the schemas are at another release."""
    folder = tmp_path_factory.mktemp("traffic")
    stack = Stack(folder, environ=plain_environ(), template=templates.at_head())
    try:
        stack.start_part("postgres")
        stack.start_part("web")
        with django_db_blocker.unblock(), connected_to(stack):
            yield stack
    finally:
        stack.discard()


def open_homes(stack: Stack, *, many: int = TENANTS) -> list[Home]:
    """Open so many workspaces, and sign their owners in."""
    workspaces = [create_workspace() for _ in range(many)]
    return [Home(each, HttpClient(stack.web_port).token(each)) for each in workspaces]


@pytest.mark.timeout(1800 if TENANTS > 100 else 600)
def test_who_works_during_a_release_gets_every_answer_and_soon(stack: Stack) -> None:
    traffic = Traffic(stack.web_port, open_homes(stack))
    with traffic.flowing():
        time.sleep(0.5)
        before = len(traffic.waits)
        released = stack.manage("migrate_fleet", "--json", environ=BUSY, timeout=900)
        during = len(traffic.waits) - before
        time.sleep(0.5)

    assert released.returncode == 0, released.stderr
    told = json.loads(released.stdout)
    assert (len(told["migrated"]), told["failed"]) == (TENANTS, {})
    assert traffic.errors == []
    assert during > 10, "there was traffic"
    assert max(traffic.waits) < LONGEST_WAIT
    for home in traffic.homes:
        with inside(home.workspace.tenant.schema_name), connection.cursor() as cursor:
            cursor.execute("SELECT people FROM tallies_tally")
            assert cursor.fetchall() == [(1,)], "each is migrated once"
            assert Announcement.objects.count() == home.written, "nothing written is lost"
    show(traffic, during, told["seconds"])


def test_a_release_is_taken_back_while_people_work_on_both(stack: Stack, tmp_path: Path) -> None:
    homes = open_homes(stack, many=FEW)
    old = Traffic(stack.web_port, homes[::2])
    with old.flowing():
        assert stack.manage("migrate_fleet", environ=BUSY, timeout=900).returncode == 0
        with web_of_the_new_release(stack, tmp_path) as port:
            new = Traffic(port, homes[1::2])
            with new.flowing():
                back = stack.manage("migrate_fleet", timeout=900)

    assert back.returncode == 0, back.stdout + back.stderr
    left = "tallies.0001_initial, tallies.0002_count, tallies.0003_index_beside_traffic"
    assert f"{FEW} tenants are ahead of this release and stay as they are" in back.stdout
    assert f"a newer release was here and left {left}" in back.stdout
    assert f"public is ahead of this release, by {left}" in back.stdout
    assert f"{FEW} are ahead of it" in back.stdout
    for traffic in (old, new):
        assert traffic.errors == []
        assert len(traffic.waits) > 4, "there was traffic"
    for home in homes:
        with inside(home.workspace.tenant.schema_name):
            assert Announcement.objects.count() == home.written, "nothing written is lost"


@contextmanager
def web_of_the_new_release(stack: Stack, folder: Path) -> Iterator[int]:
    """Serve the same database by the next release's code; yield its port."""
    given = {name: value for name, value in stack.env.items() if name != "PORT"}
    new = Stack(folder, environ={**given, **BUSY, "WEB_CONCURRENCY": "1"})
    try:
        new.start_part("web")
        yield new.web_port
    finally:
        new.discard()


def show(traffic: Traffic, during: int, seconds: float) -> None:
    """Say in figures how it went: `pytest -s` shows it."""
    waits = sorted(traffic.waits)
    print(  # noqa: T201 - for whoever measures
        f"\n{TENANTS} tenants in {seconds:.1f} s beside {during} requests:"
        f" half within {1000 * waits[len(waits) // 2]:.0f} ms,"
        f" 99 % within {1000 * waits[len(waits) * 99 // 100]:.0f} ms,"
        f" the longest {1000 * waits[-1]:.0f} ms"
    )
