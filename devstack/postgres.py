"""An embedded PostgreSQL with data, password and port of its own; nothing need be installed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from devstack import pgbinaries
from devstack.pgbinaries import Binaries, NoPostgres
from devstack.processes import Part, PartFailed, tail

ROLE = "concierge"
SUPERUSER = "postgres"
ELSEWHERE = "elsewhere"
HOMES = Path("/var/tmp")  # noqa: S108 - a reboot empties /tmp; the names in it are not to be guessed
HOME_PREFIX = "concierge-postgres-"
OWNER = "run"
# By PostgreSQL's own rules: what the system calls C.UTF-8, if anything, differs (macOS has none).
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # A fleet of schemas locks many tables in one transaction: a dump or a migration of all of them.
    "max_locks_per_transaction": "256",
    # For speed: these protect against a crash of the machine, not of PostgreSQL. What this server
    # holds is a demonstration, and a `kill -9` of it loses nothing: commits wait for the kernel to
    # have them (`synchronous_commit`), though not for the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}


class Postgres:
    """One server in `folder`. `prepare()` it, run `part()`, then `ensure_database()`.

    `fill` puts the data of a stopped server, whose superuser has this password, where it is told.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        superuser_password: str,
        password: str,
        fill: Callable[[Path], None] | None = None,
    ) -> None:
        self.port = port
        self._folder = folder
        self._superuser_password = superuser_password
        self._password = password
        self._fill = fill or self._initialise
        self._binaries: Binaries | None = None

    @property
    def url(self) -> str:
        """The address of the application's database, as the application's role."""
        return f"postgresql://{ROLE}:{self._password}@127.0.0.1:{self.port}/{ROLE}"

    @property
    def superuser_url(self) -> str:
        """The address of the maintenance database, as its superuser."""
        return f"postgresql://{SUPERUSER}:{self._superuser_password}@127.0.0.1:{self.port}/postgres"

    @property
    def binaries(self) -> Binaries:
        """The programs in use; known once prepared."""
        if self._binaries is None:
            raise RuntimeError("prepare() comes first")
        return self._binaries

    @property
    def data(self) -> Path:
        """The data directory, named after its major version: another major cannot read it."""
        return self._home() / f"postgres-{self.binaries.major}"

    def prepare(self) -> None:
        """Have programs, a data directory, and no leftover of an earlier run. Raises NoPostgres."""
        binaries = pgbinaries.find()
        self._binaries = binaries
        self._folder.mkdir(parents=True, exist_ok=True)
        self._binaries = pgbinaries.within_reach(binaries, self._home())
        if not (self.data / "PG_VERSION").exists():
            self._fill_data()
        self._end_leftover()

    def part(self) -> Part:
        """The server as a process to run."""
        command = [str(self.binaries.folder / "postgres"), "-D", str(self.data)]
        command += ["-p", str(self.port)]
        for name, value in OPTIONS.items():
            command += ["-c", f"{name}={value}"]
        return Part(
            name="postgres",
            command=tuple(command),
            ready=self.answers,
            hint="Another server on this data, or no room on the disk? DATABASE_URL takes yours.",
            environ={"PATH": os.environ.get("PATH", os.defpath)},
            stop_signal=signal.SIGINT,  # "fast": ends sessions, then stops cleanly
            account=self.binaries.account,
            folder=Path("/"),
        )

    def answers(self) -> bool:
        """Whether the server lets us in."""
        try:
            psycopg.connect(self.superuser_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def ensure_database(self) -> None:
        """Have the application's database, owned by a role that may do nothing beyond it.

        CREATEDB is the one exception, for the tests' databases; it gives no right over others'.
        """
        role, database = sql.Identifier(ROLE), sql.Identifier(ROLE)
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(self._password))
            )
            if not connection.execute(
                "SELECT FROM pg_database WHERE datname = %s", [ROLE]
            ).rowcount:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))

    def _home(self) -> Path:
        """Where data may lie: the folder itself, or one elsewhere that its account can enter.

        Then `elsewhere` in the folder is a link to it.
        """
        who = self._binaries.account if self._binaries else None
        link = self._folder / ELSEWHERE
        if link.is_symlink() and link.is_dir():
            return link.resolve()
        if pgbinaries.may_enter(self._folder, who):
            return self._folder
        link.unlink(missing_ok=True)
        link.symlink_to(_new_home(self._folder))
        return link.resolve()

    def _fill_data(self) -> None:
        """Have data. Renamed into place when whole: what was cut off is never taken for a database."""
        who = self.binaries.account
        draft = Path(tempfile.mkdtemp(prefix="initdb-", dir=self._home()))
        if who:
            os.chown(draft, who.uid, who.gid)
        self._fill(draft / "data")
        (draft / "data").rename(self.data)
        shutil.rmtree(draft)

    def _initialise(self, data: Path) -> None:
        who = self.binaries.account
        password = data.with_name("password")
        password.write_text(self._superuser_password)
        if who:
            os.chown(password, who.uid, who.gid)
        made = pgbinaries.run(
            self.binaries, "initdb", "-D", str(data), "-U", SUPERUSER, "-E", "UTF8",
            *LOCALE, "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync",
        )  # fmt: skip
        if made.returncode:
            raise NoPostgres(f"initdb failed: {made.stderr.strip() or made.stdout.strip()}")

    def _end_leftover(self) -> None:
        """End a server that outlived its run, and drop a lock file whose process is another's.

        After a `kill -9` the number in it may belong to anyone, and PostgreSQL would not start.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return
        if not _is_server(pid, self.data):
            lock.unlink()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 10
        while lock.exists() and time.monotonic() < deadline:
            time.sleep(0.05)


def _new_home(folder: Path) -> Path:
    """Make a folder that everyone may enter, and remove those whose run's folder is no more."""
    for old in HOMES.glob(f"{HOME_PREFIX}*"):
        if _is_deserted(old):
            shutil.rmtree(old, ignore_errors=True)  # another start may be at it, too
    home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX, dir=HOMES))
    (home / OWNER).write_text(str(folder))
    home.chmod(0o755)
    return home


def _is_deserted(home: Path) -> bool:
    try:
        ours = home.lstat().st_uid == os.geteuid()
        return ours and not Path((home / OWNER).read_text()).exists()
    except FileNotFoundError:
        return False


def _is_server(pid: int, data: Path) -> bool:
    try:
        return str(data) in psutil.Process(pid).cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def failure(reason: NoPostgres, log: Path) -> PartFailed:
    """Describe a server that could not even be prepared."""
    is_full = os.strerror(errno.ENOSPC) in str(reason)
    return PartFailed(
        "postgres",
        "could not be prepared: the disk is full"
        if is_full
        else f"could not be prepared: {reason}",
        log=log,
        log_tail=tail(log),
        hint="Set DATABASE_URL to use a PostgreSQL of yours.",
    )
