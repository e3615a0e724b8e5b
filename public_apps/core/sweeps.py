"""Going over many rows by the clock: one that is broken, or never leaves, keeps no other waiting.

Every sweep goes by this module. A row has a guard of its own: whatever it raises is caught, what it
wrote is taken back, and it waits 2, 4, 8 … seconds, half an hour at the longest (`turns`). Rows come
by turns: those never tried first, then whoever was tried longest ago; so a batch is never filled by
the same rows. What fails is told to whoever listens to `swept`, and so is its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Generic, TypeVar

import psycopg
import structlog
from django.db import connection, models, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Now
from django.dispatch import Signal

from public_apps.core import clock, schema_context, turns
from public_apps.core.models import SweepTurn

log = structlog.get_logger(__name__)
T = TypeVar("T")
Row = TypeVar("Row", bound=models.Model)
LONGEST_FAULT = 300
# Whoever else holds a row's lock may be hung up: the next row doesn't wait for that.
LONGEST_LOCK = "2s"
# Nor does a whole batch wait for very many: after so many that are held, the rest is hardly waited for.
MOST_HELD, BRIEF_LOCK = 5, "20ms"
# Sent with `name`, a sweep's, and `faults`, a line for each row that it could not do.
swept = Signal()
SWEEPS: dict[str, Sweep[Any]] = {}


@dataclass(frozen=True, kw_only=True)
class Sweep(Generic[Row]):
    """Rows of a table that are due, and what is done with each.

    `rows` says which are due, `work` does one, and `named` says which it was in logs and mails:
    nobody's address. `order` holds among those whose turn it is alike. Work that is `atomic` is a
    transaction; else it has transactions of its own. Where `work` only wakes up a job, and the job
    says by `attempt` how it went, the sweep is one of `jobs_tell`.
    """

    name: str
    rows: Callable[[], QuerySet[Row]]
    work: Callable[[Row], object]
    named: Callable[[Row], str]
    order: tuple[Any, ...] = ("pk",)
    most: int = 200
    longest: timedelta = timedelta(minutes=30)
    atomic: bool = True
    jobs_tell: bool = False

    def __post_init__(self) -> None:
        SWEEPS.setdefault(self.name, self)

    def run(self, *, most: int | None = None) -> int:
        """Do one batch, each row in its turn; return how many it was. Raises only what `rows` does."""
        at_most = self.most if most is None else most
        begun = clock.now()
        batch = self.batch(at_most)
        held = 0
        for row in batch:
            held += self._one(row, lock=LONGEST_LOCK if held < MOST_HELD else BRIEF_LOCK)
        if not self.jobs_tell:
            turns.forget(self.name, self._left())
        elif len(batch) < at_most:  # all were seen, but for those whose jobs wait
            turns.forget_left(self.name, since=begun)
        swept.send(Sweep, name=self.name, faults=turns.faults(self.name))
        return len(batch)

    def batch(self, most: int) -> list[Row]:
        """Return the rows whose turn it is, those never tried first."""
        turn = SweepTurn.objects.filter(
            sweep=self.name, row=Cast(OuterRef("pk"), output_field=TextField())
        )
        found = self.rows().annotate(
            tried_by_sweep=Subquery(turn.values("tried_at")),
            rested_by_sweep=Subquery(turn.values("next_at")),
        )
        rested = Q(rested_by_sweep=None) | Q(rested_by_sweep__lte=Now())
        by_turns = F("tried_by_sweep").asc(nulls_first=True)
        return list(found.filter(rested).order_by(by_turns, *self.order)[:most])

    def _left(self) -> set[str]:
        """Return the failing rows that are due no more: they have left, by whatever way."""
        failing = turns.failing(self.name)
        due = self.rows().filter(pk__in=failing).values_list("pk", flat=True) if failing else ()
        return set(failing) - {str(pk) for pk in due}

    def attempt(self, row: Row, work: Callable[[Row], object]) -> None:
        """Do a row's work in its job and note how it went; raises what it raises."""
        key = str(row.pk)
        turns.begin(self.name, key, longest=self.longest)
        try:
            work(row)
        except Exception as error:
            _reset()
            turns.fail(self.name, key, fault=_line(self.named(row), error), patient=True)
            raise
        turns.succeed(self.name, key)

    def of(self, work: Callable[[Row], object]) -> Sweep[Row]:
        """Return this sweep with other work, for whoever is told what to do only when it runs."""
        return replace(self, work=work)

    def _one(self, row: Row, *, lock: str) -> bool:
        """Do a row's work under its guard; return whether somebody else held it locked."""
        key = str(row.pk)
        if self.jobs_tell:
            turns.touch(self.name, key)
        else:
            # Counted before it begins, so that a row that kills its worker waits, too.
            turns.begin(self.name, key, longest=self.longest)
        error = _error_of(lambda: self.work(row), atomic=self.atomic, lock=lock)
        if error is not None:
            self._note(row, error)
        elif not self.jobs_tell:
            turns.succeed(self.name, key)
        return error is not None and _is_locked(error)

    def _note(self, row: Row, error: Exception) -> None:
        key, named = str(row.pk), self.named(row)
        _log(self.name, named, error)
        if self.jobs_tell:
            turns.count(self.name, key, longest=self.longest)
        turns.fail(self.name, key, fault=_line(named, error), patient=_is_locked(error))


def sweep(
    name: str, rows: Iterable[T], work: Callable[[T], object], *, named: Callable[[T], str],
    atomic: bool = True,
) -> list[str]:  # fmt: skip
    """Do the work for each of what is no table's row, all of them each time; return the faults.

    Every fault is in the log with what it was about, and told to whoever listens to `swept`.
    """
    faults = []
    for row in rows:
        error = _error_of(lambda: work(row), atomic=atomic)  # noqa: B023 - called at once
        if error is not None:
            _log(name, named(row), error)
            faults.append(_line(named(row), error))
    swept.send(sweep, name=name, faults=faults)
    return faults


def each(*parts: Callable[[], object]) -> None:
    """Do the parts of a job, every one of them; what they raise is raised when all had their turn."""
    errors = []
    for part in parts:
        try:
            part()
        except Exception as error:  # noqa: BLE001 - raised below, with the others
            _reset()
            errors.append(error)
    if errors:
        raise ExceptionGroup("parts of a periodic job failed", errors)


def _error_of(
    work: Callable[[], object], *, atomic: bool, lock: str = LONGEST_LOCK
) -> Exception | None:
    """Do the work alone; return what it raised, with the connection fit for the next one."""
    try:
        if not atomic:
            work()
            return None
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{lock}'")
            work()
    except Exception as error:  # noqa: BLE001 - the boundary: logged, told, and the next one's turn
        _reset()
        return error
    return None


def _reset() -> None:
    """Leave nothing of a failed row to the next: neither a dead connection nor another schema."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    schema_context.to_public()


def _is_locked(error: Exception) -> bool:
    return isinstance(error.__cause__, psycopg.errors.LockNotAvailable)


def _log(name: str, row: str, error: Exception) -> None:
    log.error("sweep could not do one", sweep=name, row=row, exc_info=error)


def _line(row: str, error: Exception) -> str:
    root: BaseException = error
    while root.__cause__ is not None:  # a queue's error says only that the database refused
        root = root.__cause__
    said = " ".join(str(root).split())
    return f"{row}: {type(error).__name__}: {said}"[:LONGEST_FAULT]
