"""What a campaign's record comes to: invariants, held or broken, and percentiles with their goals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from benchmarks.figures import percentile
from tests.campaigns.records import Answer, Purchase, Record

# Of a part that has just come back: connections that broke are found out by whoever uses them next.
GRACE_SECONDS = 5.0
DOWN = ("web", "postgres")  # the lanes whose faults excuse an answer of 502 or 503, or none
EXCUSED = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
SHARES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
Span = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """Something that must hold, and in which cases it did not."""

    name: str
    broken: list[str]


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A percentile that is aimed at, in seconds; None if nothing was measured."""

    name: str
    most: float
    reached: float | None

    @property
    def met(self) -> bool:
        """Whether it was reached."""
        return self.reached is not None and self.reached <= self.most


def invariants(record: Record) -> list[Invariant]:
    """Return all invariants in the order in which a person asks."""
    return [Invariant(name=name, broken=list(find(record))) for name, find in _INVARIANTS]


def figures(record: Record) -> dict[str, dict[str, float]]:
    """Return percentiles of how long buyers waited, without the seconds of no database."""
    away = spans(record, lanes=("postgres",))
    buyers = (each for each in record.purchases if each.under_fire)
    paid = [(each, each.paid_at) for each in buyers if each.paid_at is not None]
    return {
        "ready": _percentiles(
            waited(at, each.ready_at, away) for each, at in paid if each.ready_at is not None
        ),
        "mailed": _percentiles(
            waited(at, min(each.mails), away) for each, at in paid if each.mails
        ),
        "answered": _percentiles(
            waited(each.began, each.ended, away) for each in record.answers if each.fine
        ),
    }


def goals(found: dict[str, dict[str, float]]) -> list[Goal]:
    """Hold percentiles against what is aimed at."""
    return [
        Goal(name="paid to ready, p95", most=30.0, reached=found["ready"].get("p95")),
        Goal(name="paid to mailed, p95", most=60.0, reached=found["mailed"].get("p95")),
    ]


def counts(record: Record) -> dict[str, Any]:
    """Return how much there was of everything."""
    answers = Counter(_shown(each) for each in record.answers)
    refused = Counter(each.why for each in record.answers if not each.fine and each.why)
    away = spans(record, lanes=("postgres",))
    return {
        "buyers": len(record.purchases),
        "paid": sum(each.paid_at is not None for each in record.purchases),
        "faults": len(record.happenings),
        "seconds without a database": round(sum(end - begin for begin, end in away), 1),
        "welcome mails more than one": sum(
            max(0, len(each.mails) - 1) for each in record.purchases
        ),
        "answers": dict(sorted(answers.items())),
        "what was said with refusals": dict(refused.most_common(20)),
    }


def waited(begin: float, end: float, away: Sequence[Span]) -> float:
    """Return the seconds from one moment to another that lie in none of the spans."""
    lost = sum(max(0.0, min(end, until) - max(begin, since)) for since, until in away)
    return max(0.0, end - begin - lost)


def spans(record: Record, *, lanes: Iterable[str], grace: float = 0.0) -> list[Span]:
    """Return when faults of these lanes were, those that overlap as one."""
    wanted = set(lanes)
    found: list[Span] = []
    for each in sorted(record.happenings, key=lambda each: each.began):
        if each.lane not in wanted:
            continue
        end = (each.ended if each.ended is not None else each.began) + grace
        if found and each.began <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((each.began, end))
    return found


# --- Invariants ---------------------------------------------------------------------------------


def _paid(record: Record) -> Iterator[Purchase]:
    return (each for each in record.purchases if each.paid_at is not None)


def _not_all_faults(record: Record) -> Iterator[str]:
    if len(record.happenings) != record.planned:
        yield f"{len(record.happenings)} of {record.planned} faults happened"
    for each in record.happenings:
        if each.went_wrong or each.ended is None:
            yield f"{each.kind} at {each.planned:.0f} s: {each.went_wrong or 'never undone'}"


def _turned_away(record: Record) -> Iterator[str]:
    for each in record.purchases:
        if each.paid_at is None:
            yield f"{each.email}: {each.told or 'no answer'}"


def _not_one_workspace(record: Record) -> Iterator[str]:
    for each in _paid(record):
        if each.workspaces != 1 or each.ready_at is None:
            state = "ready" if each.ready_at is not None else "not ready"
            yield f"{each.email}: {state}, {each.workspaces} workspaces"
    yield from (f"{schema}: nobody bought it" for schema in record.ending.strange)


def _not_one_owner(record: Record) -> Iterator[str]:
    for each in _paid(record):
        if each.owners != 1 or not each.signed_in:
            inside = "signed in" if each.signed_in else f"not signed in ({each.told})"
            yield f"{each.email}: {each.owners} people, {inside}"


def _not_mailed(record: Record) -> Iterator[str]:
    return (each.email for each in _paid(record) if not each.mails)


def _not_in_ledger(record: Record) -> Iterator[str]:
    for each in _paid(record):
        if not each.completed:
            yield f"{each.email}: no processed event of {each.session_id}"
    yield from record.ending.open_events


def _failed_clients(record: Record) -> Iterator[str]:
    down = spans(record, lanes=DOWN, grace=GRACE_SECONDS)
    for each in record.answers:
        if each.fine or _is_excused(each, down):
            continue
        after = each.began - min((each.began for each in record.happenings), default=each.began)
        yield f"{_shown(each)}, {after:+.1f} s after the first fault: {each.why}"


def _is_excused(answer: Answer, down: Sequence[Span]) -> bool:
    if answer.status is not None and answer.status not in EXCUSED:
        return False
    return any(answer.began <= end and begin <= answer.ended for begin, end in down)


_INVARIANTS: tuple[tuple[str, Callable[[Record], Iterable[str]]], ...] = (
    ("Every fault happened, and was undone", _not_all_faults),
    ("All came to rest", lambda record: filter(None, [record.ending.unrest])),
    ("Every buyer came to pay", _turned_away),
    ("Each paid order has exactly one workspace, and it is ready", _not_one_workspace),
    ("Each workspace has one person in it, its owner, who signs in", _not_one_owner),
    ("Each paid order has a welcome mail", _not_mailed),
    ("Every event is processed, that of each payment among them", _not_in_ledger),
    ("No schema is half built", lambda record: record.ending.half_built),
    ("No schema, row or domain belongs to nobody", lambda record: record.ending.orphans),
    ("No honest client was refused or failed while all was up", _failed_clients),
    ("The doctor is content", lambda record: record.ending.doctor),
)


def _percentiles(values: Iterable[float]) -> dict[str, float]:
    known = list(values)
    if not known:
        return {}
    found = {name: round(percentile(known, share), 2) for name, share in SHARES.items()}
    return {"count": len(known), **found}


def _shown(answer: Answer) -> str:
    return f"{answer.asked}: {answer.status or 'no answer'}"
