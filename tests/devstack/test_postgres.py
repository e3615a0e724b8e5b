"""The embedded PostgreSQL: private, least privileged, and hard to break."""

from __future__ import annotations

import dataclasses
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from devstack import pgbinaries
from devstack.processes import ROOT, PartFailed
from devstack.stack import Stack


def ask(url: str, query: str) -> tuple[object, ...]:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row: tuple[object, ...] | None = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row


def test_the_application_owns_its_database_and_is_no_superuser(stack: Stack) -> None:
    stack.start_part("postgres")
    query = """
        SELECT current_user, rolsuper, rolcreaterole, pg_get_userbyid(datdba)
        FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()
    """
    assert ask(stack.database_url, query) == ("concierge", False, False, "concierge")


def test_the_server_takes_no_connection_without_its_password(stack: Stack) -> None:
    stack.start_part("postgres")
    assert stack.postgres is not None
    for user in ("concierge", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://{user}:guess@127.0.0.1:{stack.postgres.port}/postgres")


def test_the_server_listens_on_loopback_alone_and_has_room_for_many_schemas(stack: Stack) -> None:
    stack.start_part("postgres")
    query = """
        SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories'),
               current_setting('max_locks_per_transaction'), lower('ΆΘΗΝΑ')
    """
    assert stack.postgres is not None
    assert ask(stack.postgres.superuser_url, query) == ("127.0.0.1", "", "256", "άθηνα")


def test_the_data_directory_is_named_after_the_major_version_and_closed_to_others(
    stack: Stack,
) -> None:
    stack.start_part("postgres")
    assert stack.postgres is not None
    data = stack.postgres.data
    assert data.name == f"postgres-{(data / 'PG_VERSION').read_text().strip()}"
    assert data.stat().st_mode & 0o777 == 0o700


def test_data_outlives_a_restart_and_a_kill(stack: Stack) -> None:
    stack.start_part("postgres")
    with psycopg.connect(stack.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS value")
    stack.restart_part("postgres")
    assert ask(stack.database_url, "SELECT value FROM kept") == (1,)
    stack.kill_part("postgres")
    stack.start_part("postgres")
    assert ask(stack.database_url, "SELECT value FROM kept") == (1,)


def test_a_lock_file_whose_number_belongs_to_another_process_by_now_is_no_hindrance(
    stack: Stack,
) -> None:
    stack.start_part("postgres")
    assert stack.postgres is not None
    lock = stack.postgres.data / "postmaster.pid"
    stale = lock.read_text().splitlines()
    stack.kill_part("postgres")
    bystander = subprocess.Popen(["/bin/sleep", "60"])
    try:
        lock.write_text("\n".join([str(bystander.pid), *stale[1:]]) + "\n")
        stack.start_part("postgres")
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
    assert ask(stack.database_url, "SELECT 1") == (1,)


def test_a_server_that_outlived_its_run_is_ended_before_the_next(
    stack: Stack, outside: dict[str, str]
) -> None:
    assert stack.postgres is not None
    stack.postgres.prepare()
    part = stack.postgres.part()
    account = part.account
    orphan = subprocess.Popen(
        part.command,
        env=outside,
        cwd="/",
        stderr=subprocess.DEVNULL,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    while not part.ready():
        assert orphan.poll() is None
    stack.start_part("postgres")
    assert orphan.wait(60) == 0
    assert ask(stack.database_url, "SELECT 1") == (1,)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everyone may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="concierge-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user: all other tests show it")
def test_an_ordinary_user_needs_nothing_of_root(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    binaries = pgbinaries.find()
    if not pgbinaries.may_enter(binaries.folder, binaries.account):
        pytest.skip("this checkout lies where no ordinary user may enter")
    home = open_folder / "home"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    # The interpreter itself may lie in /root: all is imported before the privileges go.
    script = f"""
import os, subprocess, sys
from pathlib import Path
import psycopg
from devstack.postgres import Postgres
from devstack.ports import free
os.setgroups([]); os.setgid({nobody.pw_gid}); os.setuid({nobody.pw_uid})
server = Postgres(Path(sys.argv[1]), port=free(), superuser_password="a", password="b")
server.prepare()
part = server.part()
process = subprocess.Popen(part.command, env=dict(part.environ), stderr=subprocess.DEVNULL)
try:
    while not part.ready():
        assert process.poll() is None
    server.ensure_database()
    with psycopg.connect(server.url) as connection:
        print(connection.execute("SELECT current_user").fetchone()[0])
finally:
    process.send_signal(part.stop_signal)
    process.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("concierge\n", 0), done.stderr
    assert (home / f"postgres-{binaries.major}").stat().st_uid == nobody.pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
def test_as_root_the_server_runs_as_nobody_even_from_a_closed_folder(stack: Stack) -> None:
    running = stack.start_part("postgres")
    assert not pgbinaries.may_enter(stack.folder, pgbinaries.account())
    assert psutil.Process(running.pid).username() == "nobody"
    assert stack.folder.parent.stat().st_mode & 0o077 == 0, "what is closed stays closed"


def test_a_given_database_url_means_no_server_of_ours(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    url = "postgresql://someone@db.example/concierge"
    with Stack(tmp_path / "given", environ={**outside, "DATABASE_URL": url}) as stack:
        assert stack.database_url == url
        assert "postgres" not in stack.ours
        with pytest.raises(ValueError, match="not ours to start"):
            stack.start_part("postgres")


@pytest.mark.parametrize(
    ("wheel", "advice"),
    [("no_such_wheel", "no-such-wheel is not installed"), ("json", "set DATABASE_URL to a server")],
    ids=["not installed", "not made for this machine"],
)
def test_without_programs_it_is_said_what_would_help(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, wheel: str, advice: str
) -> None:
    monkeypatch.setattr(pgbinaries, "WHEEL", wheel)
    with pytest.raises(PartFailed, match=advice) as failed:
        stack.start_part("postgres")
    assert failed.value.hint == "Set DATABASE_URL to use a PostgreSQL of yours."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
def test_programs_in_a_closed_folder_are_copied_to_where_their_account_can_run_them(
    tmp_path: Path, open_folder: Path
) -> None:
    found = pgbinaries.find()
    wheel = found.folder.parent.parent
    closed = tmp_path / wheel.name
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, tmp_path / part.name, symlinks=True, copy_function=os.link)
    theirs = dataclasses.replace(found, folder=closed / found.folder.relative_to(wheel))
    assert not pgbinaries.may_enter(theirs.folder, theirs.account)
    usable = pgbinaries.within_reach(theirs, open_folder)
    assert usable.folder.is_relative_to(open_folder)
    assert "PostgreSQL" in pgbinaries.run(usable, "postgres", "-V").stdout
    assert pgbinaries.within_reach(theirs, open_folder) == usable, "copied once"
