"""The story of a release: public first, then canaries, then the fleet, then who came late."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from public_apps.tenants.models import TenantMigration
from public_apps.tenants.rollout import inspection, public_schema, status
from public_apps.tenants.rollout.inspection import Group, Survey
from public_apps.tenants.rollout.workers import InProcess, Outcome, Task, WorkerPool
from public_apps.tenants.schema_migrations import applied, head

log = structlog.get_logger(__name__)
FLEET_LOCK = 0xF1EE7  # any fixed number: one release at a time over all machines
MOST_SPARES = 3  # as canaries; more tell nothing new
FEWEST_FAILURES = 3  # below that, a share means nothing
RECORD_EVERY = 100
MOST_NAMED = 10
MOST_ROUNDS = 5
MOST_LATE = 20
FEW = 4  # not worth a fork


class Reporter(Protocol):
    """Whom the release tells how it goes."""

    def say(self, line: str) -> None:
        """Take a line."""

    def progress(self, *, done: int, total: int, failed: int, seconds: float) -> None:
        """Take the state after each tenant."""


class Log:
    """Tells the log."""

    def say(self, line: str) -> None:
        """Log a line."""
        log.warning("release", line=line)

    def progress(self, *, done: int, total: int, failed: int, seconds: float) -> None:
        """Log what is done."""
        log.info("late tenant migrated", done=done, total=total, failed=failed)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to go about it; by default all tenants, and as many processes as there are processors."""

    only: Collection[str] = ()
    canaries: Collection[str] = ()
    processes: int = field(default_factory=lambda: min(8, os.cpu_count() or 1))
    most_failing: float = 0.1


@dataclass
class Summary:
    """How a release went."""

    at_head: int = 0
    ahead: int = 0  # of this release, which was rolled back to: left as they are
    migrated: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    not_reached: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seconds_in_public: float = 0.0  # of these

    @property
    def is_whole(self) -> bool:
        """Whether every tenant in question is at head, or ahead of it."""
        return not self.failed and not self.not_reached


def run(options: Options, teller: Reporter) -> Summary:
    """Migrate public and then the fleet. Safe to call again after any end, `kill -9` included."""
    begun = time.monotonic()
    with only_one(teller):
        told = public_schema.migrate()
        in_public = time.monotonic() - begun
        teller.say(told)
        summary = Release(options, teller).run()
    summary.seconds = time.monotonic() - begun
    summary.seconds_in_public = in_public
    return summary


def catch_up() -> None:
    """Migrate a few who came after the release; leave a newer one's alone."""
    names = _late()[:MOST_LATE]
    if not names or not head.is_head(applied.applied("public")):
        return
    guard = connection.copy()
    try:
        if _holds_lock(guard):
            Release(Options(only=names, processes=1), Log()).run()
    finally:
        guard.close()


def _late() -> list[str]:
    """Return who is behind, but for those whom this release has tried: staff know why they failed.

    Many who were there before it are its own matter, for somebody may have stopped it.
    """
    code = head.fingerprint()
    behind = inspection.in_fleet().exclude(migrations_fingerprint=code)
    late = behind.exclude(migration__head=code, migration__error__gt="").order_by("provisioned_at")
    if late.count() > MOST_LATE:
        tried = TenantMigration.objects.filter(head=code)
        late = late.filter(provisioned_at__gt=tried.order_by("at").values("at")[:1])
    return list(late.values_list("schema_name", flat=True))


@contextmanager
def only_one(teller: Reporter) -> Iterator[None]:
    """Wait until no other release is under way, and keep others out.

    On a connection of its own, which forked hands hold open: a release that was killed is over
    when its last hand is.
    """
    guard = connection.copy()
    try:
        if not _holds_lock(guard):
            teller.say("waiting for another release to end")
            # Asking again: who waits inside of a statement holds up CREATE INDEX CONCURRENTLY.
            while not _holds_lock(guard):
                time.sleep(1)
        yield
    finally:
        guard.close()


def _holds_lock(guard: BaseDatabaseWrapper) -> bool:
    with guard.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [FLEET_LOCK])
        return bool(cursor.fetchone() == (True,))


class Release:
    """One run over the fleet, in rounds: the later ones find who came meanwhile."""

    def __init__(self, options: Options, teller: Reporter) -> None:
        self._options = options
        self._teller = teller
        self._summary = Summary()
        self._unwritten: list[Outcome] = []
        self._total = 0
        self._refused = 0
        self._begun = 0.0

    def run(self) -> Summary:
        """Go until nobody is behind, but for those that failed; old workers may still build spares."""
        summary = self._summary
        for number in range(MOST_ROUNDS):
            found = inspection.take(
                only=self._options.only, without=summary.failed, unmarked=number > 0
            )
            if number == 0:
                summary.at_head, summary.ahead = found.at_head, len(found.ahead)
                self._tell_ahead(found)
                self._refuse(found)
            if not found.order:
                break
            self._total = self._done + len(found.order)
            if not self._round(found):
                break
        return summary

    def _tell_ahead(self, found: Survey) -> None:
        if found.ahead:
            self._teller.say(
                f"{len(found.ahead)} tenants are ahead of this release and stay as they are, "
                f"{found.ahead[0]} for one: a newer release was here and left "
                f"{', '.join(sorted(found.left)[:MOST_NAMED])}"
            )

    def _refuse(self, found: Survey) -> None:
        broken = found.broken.items()
        self._take(Outcome(schema_name=name, milliseconds=0, error=why) for name, why in broken)
        self._refused = len(self._summary.failed)
        self._write()

    def _round(self, found: Survey) -> bool:
        """Migrate those who are behind, canaries first; False if it ended before its time."""
        tasks = dict(_tasks(found))
        self._begun = time.monotonic()  # the work's rate tells when it ends, not the planning's
        first = [tasks[name] for name in self._canaries(found)]
        self._go(InProcess(first, canaries=True), tasks)
        if tasks and not self._too_many_failed():
            rest = list(tasks.values())
            forked = self._options.processes > 1 and len(rest) > FEW
            self._go(
                WorkerPool(rest, processes=self._options.processes) if forked else InProcess(rest),
                tasks,
            )
        self._write()
        self._summary.not_reached += tasks
        return not tasks

    def _go(self, hands: InProcess | WorkerPool, tasks: dict[str, Task]) -> None:
        """Take outcomes as they come, off the tasks that are left."""
        try:
            for outcome in hands:
                del tasks[outcome.schema_name]
                self._take([outcome])
                if self._too_many_failed():
                    hands.stop()
        except KeyboardInterrupt:
            self._teller.say("stopping after the tenants at hand; run it again to go on")
            hands.stop()
            self._write()
            raise

    def _canaries(self, found: Survey) -> list[str]:
        """Spares, then the chosen few, and one of each group: it shows what the others may say."""
        spares = [name for name in found.order if name in found.spares][:MOST_SPARES]
        chosen = [name for name in found.order if name in self._options.canaries]
        first = [*spares, *chosen]
        for group in found.groups:
            if not {*group.schema_names} & {*first}:
                first.append(group.schema_names[0])
        return list(dict.fromkeys(first))

    def _take(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if outcome.error and not inspection.is_in_fleet(outcome.schema_name):
                self._total -= 1
                self._teller.say(f"left     {outcome.schema_name}: no longer of the fleet")
                continue
            if outcome.error:
                self._summary.failed[outcome.schema_name] = outcome.error
                self._teller.say(f"failed   {outcome.schema_name}: {outcome.error}")
            else:
                self._summary.migrated.append(outcome.schema_name)
            self._unwritten.append(outcome)
            if len(self._unwritten) >= RECORD_EVERY:
                self._write()
            self._teller.progress(
                done=self._done, total=self._total, failed=len(self._summary.failed),
                seconds=time.monotonic() - self._begun,
            )  # fmt: skip

    @property
    def _done(self) -> int:
        return len(self._summary.migrated) + len(self._summary.failed)

    def _write(self) -> None:
        status.write(self._unwritten)
        self._unwritten = []

    def _too_many_failed(self) -> bool:
        failed = len(self._summary.failed) - self._refused  # those were not migrated at all
        return failed >= FEWEST_FAILURES and failed > self._options.most_failing * self._done


def _tasks(found: Survey) -> Iterator[tuple[str, Task]]:
    group_of: dict[str, Group] = {
        name: group for group in found.groups for name in group.schema_names
    }
    for name in found.order:
        plan = group_of[name].compiled()
        yield name, Task(schema_name=name, plan=plan, settled=name not in found.unsettled)
