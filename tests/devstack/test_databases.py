"""On a server that was given to us we use databases of our own, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from devstack import databases, environment
from devstack.databases import NoDatabase, NotOurs
from devstack.processes import ROOT
from devstack.stack import Stack


@pytest.fixture
def theirs(stack: Stack) -> str:
    """The address of a database in which somebody else keeps something."""
    stack.start_part("postgres")
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE orders (id int)")
    return stack.database_url


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [str(name) for (name,) in rows]


def bin_(name: str, *arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bin" / name, *arguments],
        env=environ, capture_output=True, text=True, check=False, timeout=400,
    )  # fmt: skip


def test_bin_test_leaves_the_database_that_it_was_given_alone(
    theirs: str, tmp_path: Path, outside: dict[str, str]
) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "test_it.py").write_text(
        "import os\n"
        "def test_it(database):\n"
        f"    open({str(seen)!r}, 'w').write(os.environ['DATABASE_URL'])\n"
    )
    environ = {**outside, "CONCIERGE_STATE": str(tmp_path / "state"), "DATABASE_URL": theirs}
    done = bin_("test", str(tmp_path / "test_it.py"), "-q", "-p", "tests.conftest", environ=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in databases of the tests' own" in done.stdout
    used = seen.read_text()
    assert "/concierge_test_" in used
    assert tables(theirs) == ["orders"]
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(used)


def test_the_demo_refuses_a_database_of_somebody_elses_tables(
    theirs: str, tmp_path: Path, outside: dict[str, str]
) -> None:
    environ = {**outside, "CONCIERGE_STATE": str(tmp_path / "demo"), "DATABASE_URL": theirs}
    done = bin_("demo", "--once", environ=environ)
    assert (done.returncode, done.stderr) == (1, "")
    assert "Taken from the environment: DATABASE_URL." in done.stdout
    assert "holds tables that are not New Concierge's (orders)" in done.stdout
    assert tables(theirs) == ["orders"]


def test_a_database_is_dropped_when_the_servers_own_work_in_it_is_over(stack: Stack) -> None:
    stack.start_part("postgres")
    assert stack.postgres
    with databases.made(stack.database_url, database="busy") as url:
        superuser = databases.address_of(stack.postgres.superuser_url, database="busy")
        its_own = psycopg.connect(superuser)  # as autovacuum is: nobody of ours may end it
        threading.Timer(1, its_own.close).start()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_a_database_that_is_ours_empty_or_out_of_reach_is_not_refused(stack: Stack) -> None:
    databases.refuse_foreign("postgresql://nobody@127.0.0.1:9/nothing")
    stack.start_part("postgres")
    databases.refuse_foreign(stack.database_url)
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE orders (id int)")
    with pytest.raises(NotOurs, match="orders"):
        databases.refuse_foreign(stack.database_url)
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE tenants_tenant (id int)")
    databases.refuse_foreign(stack.database_url)


def test_a_server_out_of_reach_is_said_in_one_sentence(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    with (
        pytest.raises(NoDatabase, match="DATABASE_URL can't be reached"),
        databases.made("postgresql://nobody@127.0.0.1:9/x", database="y"),
    ):
        pytest.fail("not reached")
    environ = {
        **outside,
        "CONCIERGE_STATE": str(tmp_path / "state"),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/x",
        "PATH": os.environ["PATH"],
    }
    done = bin_("test", "tests/devstack/test_xdist_databases.py", environ=environ)
    assert done.returncode == 1
    assert "DATABASE_URL can't be reached" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_bare_pytest_touches_no_database_that_a_shell_happens_to_name() -> None:
    """Such as the demo's own: its prices were those of the tests afterwards."""
    shell = {name: value for name, value in os.environ.items() if name != environment.TEMPLATES}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", "tests/staff/test_drift.py"],
        cwd=ROOT,
        env=shell,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "tests/staff needs a running system: use “bin/test tests/staff”" in (
        done.stdout + done.stderr
    )
