"""Tests that run side by side don't meet: each lane has its own database, ports and folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from devstack import environment, ports, xdist_databases
from devstack.databases import NoDatabase
from devstack.processes import ROOT
from devstack.stack import Stack

# Each waits for the other: only side by side do both pass.
PAIR = """
import json, os, time
from pathlib import Path
import pytest
from django.conf import settings

@pytest.mark.parametrize("who", ["one", "other"])
def test_meets_the(who):
    here = Path(__file__).parent
    names = ("DATABASE_URL", "PORT", "EMAIL_PORT", "STRIPE_API_BASE", "CONCIERGE_PORTS")
    seen = {name: os.environ[name] for name in names}
    seen["settings"] = settings.DATABASES["default"]["NAME"]
    (here / f"{who}.draft").write_text(json.dumps(seen))
    (here / f"{who}.draft").rename(here / f"{who}.json")
    deadline = time.monotonic() + 60
    while len(list(here.glob("*.json"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
"""


@pytest.fixture
def serving(stack: Stack) -> Stack:
    """A run whose PostgreSQL serves."""
    stack.start_part("postgres")
    stack.env["CONCIERGE_STATE"] = str(stack.folder)
    return stack


def databases(stack: Stack) -> set[str]:
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
        return {str(name) for (name,) in rows}


def test_two_tests_run_at_once_and_share_nothing(tmp_path: Path) -> None:
    environ = {**os.environ, "CONCIERGE_STATE": str(tmp_path / "state")}
    environ.pop("DATABASE_URL")
    (tmp_path / "test_pair.py").write_text(PAIR)
    done = subprocess.run(
        [ROOT / "bin" / "test", "-n", "2", str(tmp_path / "test_pair.py"), "-p", "no:cacheprovider"],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    one, other = (json.loads((tmp_path / f"{who}.json").read_text()) for who in ("one", "other"))
    assert all(one[name] != other[name] for name in one)
    assert {one["settings"], other["settings"]} == {
        "concierge_test_gw0",
        "concierge_test_gw1",
    }


def test_lanes_leave_no_database_and_no_folder_behind(serving: Stack) -> None:
    before = databases(serving)
    left_by_a_kill = sql.Identifier(f"concierge_{serving.folder.name}_gw0")
    with psycopg.connect(serving.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(left_by_a_kill))
    with xdist_databases.opened(serving, 2) as told:
        assert len(databases(serving)) == len(before) + 2
        environs = json.loads(Path(told["CONCIERGE_LANES"]).read_text())
        url = environs["gw1"]["DATABASE_URL"]
        busy = psycopg.connect(url)  # a test that was cut off leaves its session
    busy.close()
    assert databases(serving) == before
    assert not list(serving.folder.glob("gw*"))


def test_a_server_that_allows_no_further_databases_is_said_to(serving: Stack) -> None:
    assert serving.postgres is not None
    with psycopg.connect(serving.postgres.superuser_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE concierge NOCREATEDB")
    with pytest.raises(NoDatabase, match="CREATEDB"), xdist_databases.opened(serving, 2):
        pytest.fail("not reached")


def test_the_ports_of_two_lanes_never_meet(tmp_path: Path, outside: dict[str, str]) -> None:
    spans = [ports.span_of({ports.SPAN: share}) for share in ports.shares(3)]
    together = [port for span in spans for port in span]
    assert len(together) == len(set(together))
    assert set(together) <= set(range(ports.FIRST, ports.LAST))
    own = ports.shares(3)[1]
    with Stack(tmp_path, environ={**outside, ports.SPAN: own}) as stack:
        assert stack.web_port in spans[1]
        assert ports.span_of(environment.without_settings(stack.env)) == spans[1], "inherited"
    with Stack(tmp_path, environ={**outside, ports.SPAN: ports.shares(3)[2]}) as stack:
        assert stack.web_port in spans[2], "a port of an earlier run counts only within the share"
