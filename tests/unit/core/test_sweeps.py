"""What is done by the clock: a row that fails, or never leaves, keeps no other from its turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from billing.models import Subscription
from devstack.processes import ROOT
from public_apps.core import clock, jobs, periodic_runs, sweeps
from public_apps.core.models import PeriodicRun, SweepTurn
from public_apps.core.periodic_runs import PERIODIC
from public_apps.core.sweeps import Sweep
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import Tenant
from staff.alerts import kinds
from tests.unit.core.sweep_scenes import SCENES, Scene, break_rows

BATCH = 3
DOCUMENT = (ROOT / "docs/jobs.md").read_text()
# What goes over everything each time, and not over rows of a table by batches.
LISTS = {
    "rescue_stalled_jobs", "watch_thresholds", "fetch_missed_events", "back_up_all",
    "rehearse_restore", "clear_sessions",
}  # fmt: skip


@pytest.fixture(params=sorted(SCENES))
def name(request: pytest.FixtureRequest, db: None, settings: Settings, tmp_path: Path) -> str:
    """Each sweep in turn, with nothing due."""
    if SCENES[request.param].needs_store:
        settings.ARCHIVE_STORE = str(tmp_path)
    if SCENES[request.param].needs_provider:
        settings.EINVOICING = replace(
            settings.EINVOICING,
            provider="billing.einvoicing.file_provider.FileProvider",
            since=date(2026, 1, 1),
        )
    return str(request.param)


@pytest.fixture
def scene(name: str) -> Scene:
    """How its rows come to be."""
    return SCENES[name]


def sweep_of(name: str) -> Sweep[Any]:
    """Return a sweep, with work that needs nobody outside."""
    work = SCENES[name].work
    found = sweeps.SWEEPS[name]
    return replace(found, work=work, atomic=True) if work else found


def rest_over() -> None:
    """Let time pass: no row waits any longer for having failed."""
    SweepTurn.objects.update(next_at=None)


def test_a_row_that_always_fails_keeps_no_other_waiting(name: str, scene: Scene) -> None:
    broken, *others = scene.make(4)
    break_rows(scene, [broken])
    sweep_of(name).run()
    assert [scene.done(row) for row in others] == [True] * 3
    assert not scene.done(broken)
    turn = SweepTurn.objects.get(sweep=name, row=str(broken.pk))
    assert "a broken row" in turn.fault
    assert turn.next_at is not None
    incident = Incident.objects.get(kind=kinds.SWEEP_FAILING.name, subject=name, closed_at=None)
    assert incident.lines == [turn.fault]


def test_more_rows_than_a_batch_do_not_hide_the_newest(name: str, scene: Scene) -> None:
    """Even where all before it are tried again and again, and none of them ever leaves."""
    *stuck, newest = scene.make(3 * BATCH)
    break_rows(scene, stuck)
    for _ in range(3):
        sweep_of(name).run(most=BATCH)
        rest_over()
    assert scene.done(newest)
    assert SweepTurn.objects.filter(sweep=name).exclude(fault="").count() == len(stuck)


def test_whoever_comes_new_is_before_all_that_were_tried(name: str, scene: Scene) -> None:
    stuck = scene.make(2 * BATCH)
    break_rows(scene, stuck)
    for _ in range(2):
        sweep_of(name).run(most=BATCH)
        rest_over()
    (new,) = scene.make(1)
    sweep_of(name).run(most=BATCH)
    assert scene.done(new)


def test_a_row_that_fails_waits_longer_each_time_and_is_well_again_when_it_succeeds(
    name: str, scene: Scene
) -> None:
    (row,) = scene.make(1)
    break_rows(scene, [row])
    sweep = sweep_of(name)
    waits = []
    for _ in range(5):
        assert sweep.run() == 1
        turn = SweepTurn.objects.get(sweep=name)
        assert turn.next_at is not None
        waits.append((turn.next_at - turn.tried_at).total_seconds())
        assert sweep.run() == 0, "it waits"
        rest_over()
    assert waits == sorted(waits)
    assert waits[-1] > 8 * waits[0]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM refused")
    assert sweep.run() == 1
    assert scene.done(row)
    if not sweep.jobs_tell:
        assert not Incident.objects.filter(subject=name, closed_at=None).exists()


def test_what_fails_and_then_leaves_is_no_fault_any_more(name: str, scene: Scene) -> None:
    """However it left: somebody mended it by hand, or deleted it."""
    (row,) = scene.make(1)
    break_rows(scene, [row])
    sweep = sweep_of(name)
    sweep.run()
    assert Incident.objects.filter(subject=name, closed_at=None).exists()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM refused")
    if isinstance(row, Tenant):
        Subscription.objects.filter(tenant=row).delete()
    type(row)._default_manager.filter(pk=row.pk).delete()
    if sweep.jobs_tell:
        past = clock.now() - timedelta(hours=1)
        SweepTurn.objects.update(next_at=past, tried_at=past)
    sweep.run()
    assert not Incident.objects.filter(subject=name, closed_at=None).exists()


def test_every_sweep_has_its_scene_here() -> None:
    assert set(SCENES) == set(sweeps.SWEEPS)


def test_every_periodic_job_goes_by_sweeps_or_says_why_not() -> None:
    swept = {name for job in PERIODIC.values() for name in job.sweeps}
    assert swept == set(SCENES) | LISTS
    code = "\n".join(
        path.read_text()
        for room in ("billing", "public_apps", "staff")
        for path in (ROOT / room).rglob("*.py")
    )
    called = set(re.findall(r'sweeps\.sweep\(\s*"(\w+)"', code))
    assert called == LISTS
    with pytest.raises(TypeError, match="names its sweeps"):
        jobs.periodic("core.new", cron="* * * * *", rank=jobs.SWEEP)


@pytest.mark.parametrize("job", sorted(PERIODIC))
def test_the_page_tells_what_each_does_with_a_row_that_fails(job: str) -> None:
    row = next((line for line in DOCUMENT.splitlines() if line.startswith(f"| `{job}` |")), "")
    assert row, f"docs/jobs.md has no line for {job}"
    for sweep in PERIODIC[job].sweeps:
        assert f"`{sweep}`" in row


def test_a_list_is_gone_through_whatever_one_of_it_raises(db: None) -> None:
    done: list[int] = []

    def work(number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / %s", [number])
        done.append(number)

    faults = sweeps.sweep("a_list", [1, 0, 2], work, named=str)
    assert done == [1, 2]
    [fault] = faults
    assert "division by zero" in fault


def test_every_part_of_a_job_has_its_turn_and_the_job_fails_all_the_same(db: None) -> None:
    done: list[str] = []

    def broken() -> None:
        raise LookupError("the first part")

    with pytest.raises(ExceptionGroup) as raised:
        sweeps.each(broken, lambda: done.append("the second"))
    assert done == ["the second"]
    assert "the first part" in repr(raised.value.exceptions)


@pytest.fixture
def job(db: None) -> Iterator[periodic_runs.Periodic]:
    """A job by the clock, every ten seconds."""
    made = periodic_runs.Periodic(
        name="tests.job", cron="* * * * * */10", sweeps=(), no_rows="A test's."
    )
    PeriodicRun.objects.all().delete()
    before = dict(PERIODIC)
    PERIODIC.clear()
    PERIODIC[made.name] = made
    yield made
    PERIODIC.clear()
    PERIODIC.update(before)


def test_a_job_that_does_not_come_to_its_end_is_told_with_why(job: periodic_runs.Periodic) -> None:
    def fails(_timestamp: int) -> None:
        raise LookupError("as every time")

    assert periodic_runs.late() == {}
    with pytest.raises(LookupError):
        periodic_runs.watched(job.name, fails)(0)
    assert periodic_runs.late() == {}, "not yet"
    ago = clock.now() - job.may_take - timedelta(seconds=1)
    PeriodicRun.objects.update(known_at=ago, begun_at=ago)
    [line] = periodic_runs.late()[job.name]
    assert "as every time" in line

    PeriodicRun.objects.update(error="")
    [line] = periodic_runs.late()[job.name]
    assert "has not begun" in line
    PeriodicRun.objects.update(begun_at=ago + timedelta(seconds=1))
    [line] = periodic_runs.late()[job.name]
    assert "has not ended" in line

    periodic_runs.watched(job.name, lambda _timestamp: None)(0)
    assert periodic_runs.late() == {}


def test_a_nightly_job_has_its_nights(job: periodic_runs.Periodic) -> None:
    nightly = periodic_runs.Periodic(name="n", cron="13 1 * * *", sweeps=(), no_rows="A test's.")
    assert nightly.may_take == timedelta(days=periodic_runs.PERIODS)
    assert job.may_take == periodic_runs.LEAST


def test_a_row_that_somebody_holds_is_let_be_for_now(db: None) -> None:
    """Whoever else works on a row may hang: that is told when it goes on, and waited for briefly."""
    (row,) = SCENES["sweep_mail"].make(1)
    locked = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'lock_not_available'; END $$"

    def work(_row: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == (sweeps.LONGEST_LOCK,)
            cursor.execute(locked)

    sweep = sweeps.SWEEPS["sweep_mail"].of(work)
    for failures, told in ((1, False), (2, False), (3, True)):
        sweep.run()
        turn = SweepTurn.objects.get(sweep="sweep_mail", row=str(row.pk))
        assert (turn.failures, bool(turn.fault)) == (failures, told)
        rest_over()


def test_many_rows_that_somebody_holds_are_waited_for_no_longer_than_a_few(db: None) -> None:
    """Fifty locks at two seconds each would be most of two minutes for whoever comes after them."""
    rows = SCENES["sweep_mail"].make(50)
    waits: list[str] = []

    def work(_row: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            waits.append(cursor.fetchone()[0])
            cursor.execute(
                "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'lock_not_available'; END $$"
            )

    assert sweeps.SWEEPS["sweep_mail"].of(work).run() == len(rows)
    seconds = {"2s": 2.0, "20ms": 0.02}
    assert len(waits) == len(rows)
    assert sum(seconds[wait] for wait in waits) < 12
