"""Everybody is backed up, and one taken back to it, while the others are at work.

MANY_TENANTS=200 says how many (8 if it does not).
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from pytest_django import Settings

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants.archives import backup, restore
from public_apps.tenants.archives.reader import opened
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import orphans
from tenant_apps.buildings import actions as buildings
from tests.archives.furnished import contents_of, members
from tests.core.web_stack import WebStack, Workspace, create_workspace

log = structlog.get_logger(__name__)
MANY = int(os.environ.get("MANY_TENANTS", "8"))
AT_WORK = 4
PAUSE = 0.1  # seconds: people at work, not a flood


@pytest.fixture
def store(tmp_path: Path, settings: Settings) -> Path:
    """A store of the test's own."""
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    return tmp_path / "store"


class Writer:
    """Somebody who adds buildings to a workspace and looks at them, and minds every hiccup."""

    def __init__(self, web_stack: WebStack, workspace: Workspace) -> None:
        self.workspace = workspace
        self.http_client = web_stack.http_client()
        self.headers = {"Authorization": f"Bearer {self.http_client.token(workspace)}"}
        self.slowest = 0.0
        self.written = 0

    def work(self, over: threading.Event) -> None:
        """Write and read until it is over."""
        while not over.is_set():
            name = f"{self.workspace.tenant.name} {secrets.token_hex(4)}"
            began = time.monotonic()
            said = self.ask("POST", json={"name": name, "address": "Ermou 2"})
            assert said == 201, said
            assert self.ask("GET") == 200
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.written += 1
            over.wait(PAUSE)

    def ask(self, method: str, **kwargs: object) -> int:
        """Call the API and return the answer's status."""
        answer = self.http_client.ask(
            method, "/api/buildings/", host=self.workspace.host, headers=self.headers, **kwargs
        )
        return answer.status_code


@contextmanager
def at_work(writers: list[Writer]) -> Iterator[None]:
    """Let them all work during the block; what befell one of them fails the test."""
    over = threading.Event()
    with ThreadPoolExecutor(len(writers)) as hands:
        doing = [hands.submit(each.work, over) for each in writers]
        try:
            yield
        finally:
            over.set()
        for each in doing:
            each.result()


def names_in(archive: Path) -> list[str]:
    """Return the buildings that an archive holds."""
    text = members(archive, "tables/")["tables/buildings_building.csv"].decode()
    return [row["name"] for row in csv.DictReader(io.StringIO(text))]


@pytest.mark.timeout(300 + 15 * MANY)
def test_all_are_backed_up_and_one_is_restored_while_others_work(
    web_stack: WebStack, store: Path
) -> None:
    everybody = [create_workspace() for _ in range(MANY)]
    for each in everybody:
        with inside(each.tenant.schema_name):
            buildings.add_building(name=f"{each.tenant.name} first", address="Ermou 1", notes="")
    lost, *others = everybody
    before = contents_of(lost.tenant.schema_name)
    writers = [Writer(web_stack, each) for each in others[:AT_WORK]]

    began = time.monotonic()
    with at_work(writers):
        outcomes = list(backup.back_up([each.tenant for each in everybody], parallel=2))
        backed_up = time.monotonic() - began
        with inside(lost.tenant.schema_name):
            User.objects.update(first_name="Lost")
        kept = backup.newest(lost.tenant)
        assert kept is not None
        restore.restore(lost.tenant, path=store / kept)
    log.info(
        "backed up while in use",
        tenants=MANY,
        seconds=round(backed_up, 1),
        seconds_with_restore=round(time.monotonic() - began, 1),
        written=sum(each.written for each in writers),
        slowest_seconds=round(max(each.slowest for each in writers), 2),
    )

    assert [each.error for each in outcomes if each.error] == []
    now = Tenant.objects.get(pk=lost.tenant.pk).schema_name
    assert now != lost.tenant.schema_name
    assert contents_of(now) == before
    for each, outcome in zip(everybody, outcomes, strict=True):
        with opened(store / outcome.key) as archive:
            assert archive.manifest.schema == each.tenant.schema_name
        names = names_in(store / outcome.key)
        assert f"{each.tenant.name} first" in names
        assert all(name.startswith(each.tenant.name) for name in names), "nobody else's row"
    assert all(each.written for each in writers)
    mine = {each.tenant.schema_name for each in everybody}
    assert not mine & {*orphans.find().schemas, *orphans.find().rows}
