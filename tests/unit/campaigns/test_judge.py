"""The judge of campaigns: each invariant breaks by what breaks it, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.campaigns import judge, report
from tests.campaigns.records import Answer, Ending, Happening, Purchase, Record

NOW = 1_800_000_000.0


def sound() -> Record:
    """Two buyers, served in three seconds and mailed in five; the database was killed meanwhile."""
    purchases = [
        Purchase(
            email=f"{name}@fire.example",
            subdomain=name,
            address="10.20.0.1",
            session_id=f"cs_test_{name}",
            paid_at=NOW,
            ready_at=NOW + 3,
            workspaces=1,
            owners=1,
            completed=1,
            mails=[NOW + 5],
            signed_in=True,
        )
        for name in ("eleni", "nikos")
    ]
    return Record(
        minutes=1,
        seed=1,
        planned=2,
        purchases=purchases,
        answers=[_answer(200, at=NOW)],
        happenings=[
            _happened("database killed", "postgres", NOW + 100, NOW + 110),
            _happened("worker killed", "worker", NOW + 200, NOW + 204),
        ],
    )


def _happened(kind: str, lane: str, began: float, ended: float | None) -> Happening:
    return Happening(kind=kind, lane=lane, planned=10, began=began, ended=ended)


def _answer(status: int | None, *, at: float, fine: bool = True) -> Answer:
    return Answer(asked="GET /", began=at, ended=at + 1, status=status, fine=fine, why="it said so")


def _broken(record: Record) -> list[str]:
    return [each.name for each in judge.invariants(record) if each.broken]


def test_a_sound_campaign_holds_every_invariant() -> None:
    assert _broken(sound()) == []


def _set(**fields: object) -> Callable[[Record], None]:
    """Spoil the first purchase."""

    def spoil(record: Record) -> None:
        for name, value in fields.items():
            setattr(record.purchases[0], name, value)

    return spoil


def _end(**fields: object) -> Callable[[Record], None]:
    def spoil(record: Record) -> None:
        record.ending = Ending(**fields)  # type: ignore[arg-type]  # as each case below says

    return spoil


def _hear(status: int | None, *, at: float) -> Callable[[Record], None]:
    return lambda record: record.answers.append(_answer(status, at=at, fine=False))


def _lose_a_fault(record: Record) -> None:
    record.happenings.pop()


def _never_undo(record: Record) -> None:
    record.happenings[1].ended = None


def _fail_to_undo(record: Record) -> None:
    record.happenings[1].went_wrong = "NotUndone: worker was not started again"


ONE_WORKSPACE = "Each paid order has exactly one workspace, and it is ready"
ONE_OWNER = "Each workspace has one person in it, its owner, who signs in"
LEDGER = "Every event is processed, that of each payment among them"
HONEST = "No honest client was refused or failed while all was up"
FAULTS = "Every fault happened, and was undone"


@pytest.mark.parametrize(
    ("spoil", "broken"),
    [
        pytest.param(_set(ready_at=None), ONE_WORKSPACE, id="lost"),
        pytest.param(_set(workspaces=2, owners=1), ONE_WORKSPACE, id="double"),
        pytest.param(_set(workspaces=0), ONE_WORKSPACE, id="none"),
        pytest.param(_end(strange=["t_1"]), ONE_WORKSPACE, id="for nobody"),
        pytest.param(_set(owners=2), ONE_OWNER, id="two people"),
        pytest.param(_set(signed_in=False), ONE_OWNER, id="not let in"),
        pytest.param(_set(mails=[]), "Each paid order has a welcome mail", id="no mail"),
        pytest.param(_set(paid_at=None), "Every buyer came to pay", id="turned away"),
        pytest.param(_set(completed=0), LEDGER, id="payment's event lost"),
        pytest.param(_end(open_events=["1 of a.b: failed"]), LEDGER, id="failed event"),
        pytest.param(_end(half_built=["t_2"]), "No schema is half built", id="half built"),
        pytest.param(
            _end(orphans=["x.localhost"]), "No schema, row or domain belongs to nobody", id="orphan"
        ),
        pytest.param(_end(doctor=["worker: none"]), "The doctor is content", id="doctor"),
        pytest.param(_end(unrest="3 due"), "All came to rest", id="unrest"),
        pytest.param(_hear(500, at=NOW + 50), HONEST, id="500"),
        pytest.param(_hear(500, at=NOW + 105), HONEST, id="500 without a database"),
        pytest.param(_hear(403, at=NOW + 105), HONEST, id="403 without a database"),
        pytest.param(_hear(503, at=NOW + 50), HONEST, id="503 while all was up"),
        pytest.param(_hear(503, at=NOW + 201), HONEST, id="503 for want of a worker"),
        pytest.param(_hear(None, at=NOW + 50), HONEST, id="no answer while all was up"),
        pytest.param(_lose_a_fault, FAULTS, id="fault left out"),
        pytest.param(_never_undo, FAULTS, id="fault not undone"),
        pytest.param(_fail_to_undo, FAULTS, id="fault undone in vain"),
    ],
)
def test_what_breaks_an_invariant_breaks_that_one_and_the_campaign(
    spoil: Callable[[Record], None], broken: str
) -> None:
    record = sound()
    spoil(record)

    assert _broken(record) == [broken]
    assert not report.held(report.of(record))
    assert f"✗ {broken}" in report.as_text(report.of(record))


@pytest.mark.parametrize("status", [502, 503, 504, None])
@pytest.mark.parametrize("at", [NOW + 99.5, NOW + 105, NOW + 114], ids=["into", "in", "just after"])
def test_while_the_database_is_down_and_a_moment_after_nobody_minds_an_excuse(
    status: int | None, at: float
) -> None:
    record = sound()
    record.answers.append(_answer(status, at=at, fine=False))
    assert _broken(record) == []


def test_the_seconds_without_a_database_do_not_count_and_all_others_do() -> None:
    record = sound()
    first, second = record.purchases
    first.paid_at, first.ready_at, first.mails = NOW + 98, NOW + 112, [NOW + 130, NOW + 125]
    second.paid_at, second.ready_at = NOW + 198, NOW + 208  # the worker was away: that counts

    found = judge.figures(record)

    assert found["ready"] == {"count": 2, "p50": 10.0, "p95": 10.0, "p99": 10.0, "max": 10.0}
    assert found["mailed"]["max"] == 17.0
    assert judge.counts(record)["seconds without a database"] == 10.0
    assert judge.counts(record)["welcome mails more than one"] == 1


def test_outages_that_overlap_are_taken_off_once() -> None:
    record = sound()
    record.happenings.append(_happened("database stopped", "postgres", NOW + 105, NOW + 120))
    assert judge.spans(record, lanes=("postgres",)) == [(NOW + 100, NOW + 120)]


def test_a_goal_is_met_or_missed_and_missed_where_nothing_was_measured() -> None:
    record = sound()
    assert report.goals_met(report.of(record))

    record.purchases[0].ready_at = NOW + 31
    late = report.of(record)
    assert not report.goals_met(late)
    assert report.held(late), "a goal of seconds is no invariant"
    assert "missed: paid to ready, p95 at most 30 s (31 s)" in report.as_text(late)

    record.purchases.clear()
    assert not report.goals_met(report.of(record))
