"""The whole system on one machine, started and stopped: database, mail, mock Stripe, web, worker.

The Next.js site is a part of it where that is asked for.
Several stacks may run side by side: each has its own folder and free ports.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from devstack import (
    environment,
    frontend,
    pgbinaries,
    ports,
    postgres,
    processes,
    run_directory,
    services,
)
from devstack.processes import ROOT, Part, PartFailed, Running
from devstack.template_data import Template
from devstack.watchdog import Watchdog

ORDER = ("postgres", "mail", "mock_stripe", "web", "worker", "frontend")
STATIC = "static"  # a run collects its own files: another run, or another release, has others
HANDOVER_SECONDS = 20.0  # longer than a watchdog of the last run may take to end its parts
SHARED_MEMORY_RETRIES = 20
REFUSES_TO_START = "New Concierge does not start:"  # what the settings say of one that is wrong
SETTING_HINT = "That setting comes from the environment: correct it there, or unset it."
DATABASE_HINT = "Does the database at DATABASE_URL answer, and is it PostgreSQL 14 or newer?"


class Stack:
    """One run of the system in `folder`; use it as a context manager, or call `close()`.

    `environ` (default: ours) holds what is given: any setting in it wins over the made-up one.
    With a `template` it starts from a copy of that, which needs no migrating; with `with_frontend`
    the Next.js site is a part of it, and links in mails lead there. The parts `on_terminal` read from
    the terminal and write to it.
    Raises StateInUse if another run holds the folder for longer than `patience` seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environ: Mapping[str, str] | None = None,
        template: Template | None = None,
        with_frontend: bool = False,
        on_terminal: AbstractSet[str] = frozenset(),
        patience: float = HANDOVER_SECONDS,
    ) -> None:
        self.folder = folder.absolute()
        self._template = template
        self._with_frontend = with_frontend
        self._on_terminal = on_terminal
        given = environment.without_demo(os.environ if environ is None else environ)
        self._lock = run_directory.hold(self.folder, patience=patience)
        try:
            self._open(given)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self, given: Mapping[str, str]) -> None:
        self.logs = self.folder / "log"
        self.mail_dir = self.folder / "mail"
        # WhiteNoise warns of a folder that is not there.
        for folder in (self.logs, self.mail_dir, self.folder / STATIC):
            folder.mkdir(exist_ok=True)
        self.keys = run_directory.Memory(self.folder / "keys.json")
        if template := self._template:
            self.keys.once("postgres superuser", lambda: template.superuser_password)
            template.copy_mock_stripe(self.folder / "mock_stripe")
        self._ports = run_directory.Memory(self.folder / "ports.json")
        self._port = self._chosen_ports(given)
        self.postgres = self._embedded_postgres(given)
        self.env = self._environ(given)
        self.running: dict[str, Running] = {}
        self.guard = threading.RLock()
        self.watchdog = Watchdog(held=[self._lock])

    def _chosen_ports(self, given: Mapping[str, str]) -> dict[str, int]:
        """Return a port for each part that needs one, those asked for before those that are not."""
        among = ports.span_of(given)
        wanted = [
            (part, name)
            for part, name in environment.PORT_NAMES.items()
            if not self._is_given(part, given) and (part != "frontend" or self._with_frontend)
        ]
        chosen: dict[str, int] = {}
        for part, name in sorted(wanted, key=lambda each: not given.get(each[1])):
            chosen[part] = ports.choose(
                name,
                asked=given.get(name),
                memory=self._ports,
                among=among,
                but=frozenset(chosen.values()),
            )
        return chosen

    @staticmethod
    def _is_given(part: str, given: Mapping[str, str]) -> bool:
        """Whether somebody else provides this part."""
        address = {"postgres": "DATABASE_URL", "mock_stripe": "STRIPE_API_BASE"}.get(part)
        return bool(address and given.get(address))

    def _embedded_postgres(self, given: Mapping[str, str]) -> postgres.Postgres | None:
        if self._is_given("postgres", given):
            return None
        return postgres.Postgres(
            self.folder,
            port=self._port["postgres"],
            superuser_password=self.keys.once("postgres superuser", lambda: os.urandom(16).hex()),
            password=self.keys.once("postgres concierge", lambda: os.urandom(16).hex()),
            fill=self._template.copy_data if self._template else None,
        )

    def _environ(self, given: Mapping[str, str]) -> dict[str, str]:
        mock_port = self._port.get("mock_stripe")
        addresses = environment.Addresses(
            web_port=self._port["web"],
            mail_port=self._port["mail"],
            mock_stripe_url=f"http://127.0.0.1:{mock_port}" if mock_port else "",
            database_url=self.postgres.url if self.postgres else "",
            archives=str(self.folder / "archives"),
            plan_texts=str(self.folder / "plan_texts"),
            static=str(self.folder / STATIC),
            pg_dump=pgbinaries.pg_dump(),
            frontend_port=self._port.get("frontend", 0),
        )
        return environment.complete(given, addresses=addresses, keys=self.keys)

    # --- Where things are ---------------------------------------------------------------------

    @property
    def web_port(self) -> int:
        """The port of the web server on 127.0.0.1."""
        return self._port["web"]

    @property
    def web_url(self) -> str:
        """The public site's address."""
        return self.env["SITE_URL"].rstrip("/")

    @property
    def frontend_url(self) -> str:
        """The Next.js site's address; empty if it is no part of this run."""
        return self.env["FRONTEND_URL"] if "frontend" in self._port else ""

    @property
    def mock_url(self) -> str:
        """The address of Stripe's stand-in, or of what was given for it."""
        return self.env["STRIPE_API_BASE"].rstrip("/")

    @property
    def mail_url(self) -> str:
        """Where the mails are read in a browser."""
        return f"http://localhost:{self._port['mail_page']}"

    @property
    def database_url(self) -> str:
        """The application's database."""
        return self.env["DATABASE_URL"]

    @property
    def base_domain(self) -> str:
        """The domain under which tenants live."""
        return self.env["TENANT_BASE_DOMAIN"]

    @property
    def pids(self) -> dict[str, int]:
        """The process of each running part."""
        with self.guard:
            return {name: running.pid for name, running in self.running.items()}

    @property
    def ours(self) -> tuple[str, ...]:
        """The parts that this stack starts itself, in their order."""
        return tuple(name for name in ORDER if name == "mail" or name in {*self._port, "worker"})

    def log(self, name: str) -> Path:
        """The log of a part, or of a command such as `release`."""
        return self.logs / f"{name}.log"

    # --- Start and stop -----------------------------------------------------------------------

    def start(self) -> None:
        """Start everything, apply migrations, and return when /readyz is content."""
        for name in ("postgres", "mail", "mock_stripe"):
            if name in self.ours:
                self.start_part(name)
        self.release()
        self.start_part("web")
        self.start_part("worker")
        self.wait_ready()
        if "frontend" in self.ours:
            self.build_frontend()
            self.start_part("frontend")

    def build_frontend(self) -> None:
        """Have the Next.js site built for its present files. Raises PartFailed."""
        frontend.build(log=self.log("frontend-build"))

    def start_part(self, name: str) -> Running:
        """Start one part and return when it serves. Raises PartFailed."""
        with self.guard:
            if name in self.running:
                raise ValueError(f"{name} already runs")
            if name == "postgres":
                return self._start_postgres()
            return self._start(replace(self._part(name), on_terminal=name in self._on_terminal))

    def stop_part(self, name: str) -> None:
        """Stop one part the way it likes to be stopped."""
        with self.guard:
            processes.stop(self.running.pop(name), watchdog=self.watchdog)

    def kill_part(self, name: str) -> None:
        """End one part and all of its processes with `kill -9`."""
        with self.guard:
            processes.kill(self.running.pop(name), watchdog=self.watchdog)

    def restart_part(self, name: str) -> None:
        """Stop one part and start it again, at the same address."""
        with self.guard:
            self.stop_part(name)
            self.start_part(name)

    def close(self) -> None:
        """Stop every part, the last started first, and leave the folder to the next run."""
        with self.guard:
            for name in [name for name in reversed(ORDER) if name in self.running]:
                self.stop_part(name)
            self.watchdog.close()
        os.close(self._lock)

    def discard(self) -> None:
        """Close, and remove the folder with all that lies elsewhere for it."""
        self.close()
        self.forget()

    def forget(self) -> None:
        """Remove the folder of a run that is closed, with all that lies elsewhere for it."""
        elsewhere = self.folder / postgres.ELSEWHERE
        if elsewhere.is_symlink():
            shutil.rmtree(elsewhere.resolve(), ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- Operators' commands ------------------------------------------------------------------

    def manage(
        self, *arguments: str, timeout: float | None = 300, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` with these arguments in the environment of this run."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.env, **(environ or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def release(self) -> None:
        """Do what a release does before its web starts. Raises PartFailed."""
        if not environment.is_on(self.env["DJANGO_DEBUG"]):
            self.command("release", "collectstatic", "--noinput")
        if self._template is None:
            self.command("release", "migrate_fleet")

    def command(self, log: str, *arguments: str) -> None:
        """Run `manage.py`, keeping what it says in the log of that name. Raises PartFailed."""
        done = self.manage(*arguments)
        with self.log(log).open("a") as sink:
            sink.write(done.stdout + done.stderr)
        if done.returncode:
            told = done.stdout + done.stderr
            raise PartFailed(
                f"manage.py {' '.join(arguments)}",
                f"failed ({processes.ending(done.returncode)})",
                log=self.log(log),
                log_tail="\n".join(told.splitlines()[-25:]),
                hint=SETTING_HINT if REFUSES_TO_START in told else DATABASE_HINT,
            )

    def wait_ready(self, *, timeout: float = 120.0) -> None:
        """Return when /readyz is content. Raises PartFailed with what is not."""
        services.wait_until_ready(self.web_port, timeout=timeout, log=self.log)

    # --- The parts ----------------------------------------------------------------------------

    def _start(self, part: Part) -> Running:
        running = processes.launch(part, logs=self.logs, watchdog=self.watchdog)
        try:
            processes.wait_until_ready(running)
        except BaseException:
            processes.kill(running, watchdog=self.watchdog)
            raise
        self.running[part.name] = running
        return running

    def _start_postgres(self) -> Running:
        if self.postgres is None:
            raise ValueError("DATABASE_URL was given: its server is not ours to start")
        try:
            self.postgres.prepare()
        except pgbinaries.NoPostgres as reason:
            raise postgres.failure(reason, self.log("postgres")) from reason
        for _ in range(SHARED_MEMORY_RETRIES):
            try:
                running = self._start(self.postgres.part())
                break
            except PartFailed as failed:
                # After a `kill -9` of the server its sessions end by themselves, but not at once.
                if "shared memory block" not in failed.log_tail:
                    raise
                time.sleep(0.25)
        else:
            running = self._start(self.postgres.part())
        self.postgres.ensure_database()
        return running

    def _part(self, name: str) -> Part:
        port = self._port.get(name, 0)
        if name == "mail":
            page_port = self._port["mail_page"]
            return services.mail(port=port, page_port=page_port, folder=self.mail_dir)
        if name == "mock_stripe":
            folder = self.folder / "mock_stripe"
            return services.mock_stripe(
                port=port, folder=folder, web_port=self.web_port, environ=self.env
            )
        if name == "web":
            return services.web(port=port, environ=self.env)
        if name == "worker":
            return services.worker(environ=self.env)
        if name == "frontend":
            return frontend.part(
                port=port, environ=frontend.settings(self.env, web_port=self.web_port)
            )
        raise ValueError(f"no part is called {name!r}")
