"""Keeping spares at hand, and every schema at head."""

from __future__ import annotations

from datetime import timedelta

from public_apps.accounts import sessions
from public_apps.core import jobs, sweeps
from public_apps.core.schema_context import in_public, inside
from public_apps.tenants import pool, schema_creation
from public_apps.tenants.models import Tenant
from public_apps.tenants.rollout import release

REFILL = "refill_pool"
PAUSE = timedelta(seconds=2)


@jobs.task("tenants.refill_pool", rank=jobs.SPARE)
def refill_pool() -> None:
    """Build one spare, then ask for the next: short jobs, so that buyers get in between.

    While buyers wait it does not even begin: a build takes a processor for a while. For each that is
    built, one goes that came with a dump.
    """
    if pool.buyers_wait():
        enqueue_refill(wait=PAUSE)
        return
    built = pool.add_one()
    retired = pool.retire_one()
    if (built and pool.missing()) or retired:
        enqueue_refill()


@jobs.periodic(
    "tenants.check_pool",
    cron="* * * * * */15",
    rank=jobs.SPARE,
    no_rows="It counts, and enqueues one job at most; what a builder left half-done is thrown away.",
)
def check_pool(timestamp: int) -> None:
    """Notice a pool that ran low, whoever forgot to say so."""
    schema_creation.clear_unfinished()
    if pool.missing():
        enqueue_refill()


@jobs.periodic(
    "tenants.catch_up",
    cron="* * * * * */15",
    rank=jobs.SPARE,
    no_rows="Each schema is migrated by the release's own rules: its error stands on its row, and it"
    " is not tried again.",
)
def catch_up(timestamp: int) -> None:
    """Bring to head who came late: workers of the last release build and claim until they end."""
    release.catch_up()


@jobs.periodic(
    "tenants.clear_sessions", cron="37 4 * * *", rank=jobs.LAST, sweeps=("clear_sessions",)
)
def clear_sessions(timestamp: int) -> None:
    """Forget sessions that have run out, in public and in every workspace."""
    sweeps.each(_clear_staffs_sessions, _clear_peoples_sessions)


def _clear_staffs_sessions() -> None:
    with in_public():
        sessions.forget_ended()


def _clear_peoples_sessions() -> None:
    built = Tenant.objects.serving().order_by("pk").values_list("schema_name", flat=True)
    sweeps.sweep("clear_sessions", built, _clear_in, named=str, atomic=False)


def _clear_in(schema_name: str) -> None:
    with inside(schema_name):
        sessions.forget_ended()


def enqueue_refill(*, wait: timedelta | None = None) -> None:
    """Enqueue a refill unless one is waiting."""
    jobs.defer_once("tenants.refill_pool", lock=REFILL, wait=wait)
