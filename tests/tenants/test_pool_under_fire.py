"""The pool among crashes and a deploy: no spare is lost or given twice, each buyer gets a workspace."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
import psycopg
import pytest
from psycopg import sql

from devstack import environment, processes
from devstack.processes import Part, Running
from devstack.stack import Stack
from tests import templates
from tests.customer import Order, Shop, until

OLD: dict[str, str] = {}
NEW = {"DJANGO_SETTINGS_MODULE": "tests.fleet.busy_release.settings"}
WORKERS = int(os.environ.get("POOL_WORKERS", "2"))  # the acceptance run has 8, who serve 80 buyers
CRASHES = WORKERS + 1  # in each of the three acts
AT_EASE = 53 if WORKERS >= 8 else 8  # buyers who come by the clock
BUYERS = AT_EASE + 3 * CRASHES  # and one before each crash, so that there is work to die in
Database = psycopg.Connection[tuple[Any, ...]]


@dataclass
class Workers:
    """Worker processes of one release or another, which die in the middle of their work."""

    stack: Stack
    living: list[tuple[dict[str, str], Running]] = field(default_factory=list)
    killed: int = 0
    caught: int = 0  # in the middle of a transaction
    started: int = 0

    def start(self, release: dict[str, str]) -> None:
        """Add one."""
        self.started += 1
        part = Part(
            name=f"worker-{self.started}",
            command=(sys.executable, "manage.py", "worker"),
            ready=lambda: True,
            hint="",
            environ={**self.stack.env, **release},
        )
        running = processes.launch(part, logs=self.stack.logs, watchdog=self.stack.watchdog)
        self.living.append((release, running))

    def crash(self, times: int, buy: Callable[[], None]) -> None:
        """Kill one after another with `kill -9`, each replaced by one of the same release."""
        for _ in range(times):
            buy()
            victim = self._stopped_in_a_transaction()
            self.caught += victim is not None
            release, running = self.living.pop(victim or 0)
            processes.kill(running, watchdog=self.stack.watchdog)
            self.killed += 1
            self.start(release)

    def _stopped_in_a_transaction(self) -> int | None:
        """Wait until one of us writes, and hold it there; return which, or None if none did."""
        deadline = time.monotonic() + 30
        with psycopg.connect(self.stack.database_url, autocommit=True) as database:
            while time.monotonic() < deadline:
                for port in column(database, WRITING):
                    number = self._who_speaks_from(port)
                    if number is not None and self._held(number, port, database):
                        return number
                time.sleep(0.005)
        return None

    def _who_speaks_from(self, port: int) -> int | None:
        """Return which of us has the connection, or None for a web process's."""
        for number, (_release, running) in enumerate(self.living):
            connections = psutil.Process(running.pid).net_connections()
            if port in {each.laddr.port for each in connections if each.laddr}:
                return number
        return None

    def _held(self, number: int, port: int, database: Database) -> bool:
        """Stop it where it is; let it go on if its transaction ended meanwhile."""
        process = psutil.Process(self.living[number][1].pid)
        process.suspend()
        if port in column(database, WRITING):
            return True
        process.resume()
        return False

    def end(self, count: int) -> None:
        """Ask the oldest to end, as a deploy does, and wait."""
        leaving, self.living = self.living[:count], self.living[count:]
        for _release, running in leaving:
            processes.stop(running, watchdog=self.stack.watchdog, timeout=40)

    @contextmanager
    def employed(self) -> Iterator[None]:
        """Have workers of the old release at first, and none in the end."""
        for _ in range(WORKERS):
            self.start(OLD)
        try:
            yield
        finally:
            self.end(len(self.living))


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system of its own, without a worker: its schemas will be at another release."""
    given = {**environment.for_a_system(os.environ), "CHECKOUT_RATE": "6000/min"}
    folder = tmp_path_factory.mktemp("fire")
    stack = Stack(folder, environ=given, template=templates.selling())
    try:
        for part in ("postgres", "mail", "mock_stripe", "web"):
            stack.start_part(part)
        yield stack
    finally:
        stack.discard()


@dataclass
class Buyers:
    """Customers who pay, some by the clock and some when they are called."""

    shop: Shop
    sessions: list[str] = field(default_factory=list)

    def buy(self) -> None:
        """Let one more customer pay."""
        session = self.shop.check_out(Order(organization="House"))
        self.shop.pay(session)
        self.sessions.append(session)

    def buy_slowly(self, seconds: float) -> None:
        """Let customers come one after another, for about so long."""
        for _ in range(AT_EASE):
            self.buy()
            time.sleep(seconds / AT_EASE)


def deploy(stack: Stack, workers: Workers, buy: Callable[[], None]) -> None:
    """Migrate while workers of before go on, then replace these one by one."""
    released = stack.manage("migrate_fleet", environ=NEW)
    assert released.returncode == 0, released.stderr
    workers.crash(CRASHES, buy)  # of the old release, among schemas of the new one
    for _ in range(WORKERS):
        workers.start(NEW)
    workers.end(WORKERS)


def all_at_head(stack: Stack) -> bool:
    """Whether nobody is behind the new release, by the word of the schemas."""
    planned = stack.manage("migrate_fleet", "--plan", "--json", environ=NEW)
    assert planned.returncode == 0, planned.stderr
    plan = json.loads(planned.stdout)
    return not plan["groups"] and not plan["broken"]


def column(database: Database, query: str) -> list[Any]:
    """Return the first column of an answer."""
    return [value for (value, *_rest) in database.execute(query.encode())]


@pytest.mark.timeout(1800 if WORKERS >= 8 else 600)
def test_among_crashes_and_a_deploy_every_buyer_gets_one_workspace_and_no_spare_is_lost(
    stack: Stack,
) -> None:
    buyers = Buyers(Shop(stack))
    workers = Workers(stack)
    with workers.employed(), ThreadPoolExecutor(1) as customers:
        buying = customers.submit(buyers.buy_slowly, 10.0)
        workers.crash(CRASHES, buyers.buy)
        deploy(stack, workers, buyers.buy)
        workers.crash(CRASHES, buyers.buy)
        buying.result()
        ready = [buyers.shop.wait_for(session, within=180) for session in buyers.sessions]
        until(lambda: all_at_head(stack), within=120)
        with psycopg.connect(stack.database_url, autocommit=True) as database:
            until(lambda: len(column(database, SPARES)) >= 5, within=120)

    assert workers.killed == 3 * CRASHES
    assert workers.caught > CRASHES, "some died in the middle of something"
    assert len({each["workspace_url"] for each in ready}) == BUYERS
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        assert_nothing_is_lost(database)


WRITING = "SELECT client_port FROM pg_stat_activity WHERE backend_xid IS NOT NULL"
SPARES = "SELECT schema_name FROM tenants_tenant WHERE claimed_at IS NULL"
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'"
ROWS = "SELECT schema_name FROM tenants_tenant WHERE provisioned_at IS NOT NULL"
HALF_MADE = "SELECT schema_name FROM tenants_tenant WHERE provisioned_at IS NULL"
TAKEN = (
    "SELECT t.schema_name FROM onboarding_signup s JOIN tenants_tenant t ON t.id = s.tenant_id"
    " WHERE s.ready_at IS NOT NULL AND t.claimed_at IS NOT NULL AND s.email = t.owner_email"
)
CLAIMED = "SELECT schema_name FROM tenants_tenant WHERE claimed_at IS NOT NULL"


def assert_nothing_is_lost(database: Database) -> None:
    """Hold schemas, rows and sign-ups against each other, and look into every schema."""
    taken, spares = column(database, TAKEN), column(database, SPARES)
    assert len(taken) == len(set(taken)) == BUYERS
    assert sorted(taken) == sorted(column(database, CLAIMED)), "none is claimed for nobody"
    assert sorted(taken + spares) == sorted(column(database, ROWS))
    assert sorted(column(database, SCHEMAS)) == sorted(column(database, ROWS))
    assert column(database, HALF_MADE) == []
    for name in taken + spares:
        query = "SELECT (SELECT count(*) FROM {0}.tallies_tally), count(*) FROM {0}.accounts_user"
        row = database.execute(sql.SQL(query).format(sql.Identifier(name))).fetchone()
        assert row == (1, int(name in taken)), "the new migration ran once, and one owner is there"
