"""Building a tenant, claiming a spare, and the way from the webhook to `ready`."""

from __future__ import annotations

import secrets
import subprocess
import time
from functools import partial

import psycopg

from benchmarks import buyers
from benchmarks.figures import Report, milliseconds, percentile
from benchmarks.world import add_spares, grow, main, world
from devstack.stack import Stack

POOL = 20
SPARES = """
    SELECT count(*) FROM tenants_tenant WHERE claimed_at IS NULL AND provisioned_at IS NOT NULL
    AND archived_at IS NULL
"""
PATIENCE = 900  # then a buyer counts as lost


def measure(report: Report, quick: bool) -> None:
    """Build at several sizes of the fleet, claim, then buy through web, queue and worker."""
    with world("mail", "mock_stripe", TENANT_POOL_SIZE=str(POOL)) as stack:
        _building(report, stack, 2 if quick else 7)
        _claiming(report, 10 if quick else 100)
        stack.command("plans", "plans", "push")
        add_spares(stack, POOL)
        stack.start_part("web")
        stack.start_part("worker")
        stack.wait_ready()
        _one_by_one(report, stack, 5 if quick else 60)
        _at_once(report, stack, 10 if quick else 50)
        _steadily(report, stack, a_second=2 if quick else 5, seconds=5 if quick else 60)


def _building(report: Report, stack: Stack, rounds: int) -> None:
    from public_apps.tenants import building

    building.build_tenant()  # what a process works out once
    first: list[float] = []
    for size in report.sizes:
        grow(stack, size)
        limit = _final_ddl(stack, building.build_tenant().schema_name)
        ours, theirs, least = [], [], []
        for _ in range(rounds):
            ours.append(milliseconds(building.build_tenant))
            theirs.append(milliseconds(_by_django_tenants))
            least.append(milliseconds(partial(_say, stack, limit)))
        title = f"build at {size} tenants"
        report.add(f"{title}: django-tenants' save()", "ms", theirs)
        report.add(f"{title}: the final DDL as one message", "ms", least)
        report.add(f"{title}: ours", "ms", ours)
        ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
        report.add(
            f"{title}: times faster than django-tenants", "times", ratios,
            goal="≥ 3", holds=lambda ratio: ratio >= 3,
        )  # fmt: skip
        over = [our / one for our, one in zip(ours, least, strict=True)]
        report.add(f"{title}: times the final DDL", "times", over)
        if first:
            # Over the limit beside it, so that a machine that is busier now does not count.
            report.add(
                f"{title}: times the final DDL, over that at {report.sizes[0]}", "times",
                [now / then for now, then in zip(over, first, strict=True)],
                goal="flat: ≤ 1.2", holds=lambda ratio: ratio <= 1.2,
            )  # fmt: skip
        first = first or over
        for line, values in (
            ("ours", ours),
            ("django-tenants", theirs),
            ("the final DDL alone", least),
        ):
            report.point("Building a tenant, ms", line, size, percentile(values, 0.5))


def _by_django_tenants() -> None:
    from django.db import connection

    from public_apps.tenants.models import Tenant

    Tenant.objects.create().create_schema(check_if_exists=False, sync_schema=True, verbosity=0)
    connection.set_schema_to_public()  # type: ignore[attr-defined]


def _final_ddl(stack: Stack, schema: str) -> str:
    """Return a finished schema's DDL, for a schema whose name is to be put in."""
    assert stack.postgres
    pg_dump = stack.postgres.binaries.folder / "pg_dump"
    command = [str(pg_dump), "-s", "-n", schema, stack.database_url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line for line in text.splitlines() if not line.startswith(("\\", "SET ", "--"))]
    return "\n".join(lines).replace(schema, "<schema>")


def _say(stack: Stack, ddl: str) -> None:
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        database.execute(ddl.replace("<schema>", f"t_{secrets.token_hex(12)}").encode())


def _claiming(report: Report, rounds: int) -> None:
    from django.db import transaction

    from public_apps.tenants import pool
    from public_apps.tenants.engine import head
    from public_apps.tenants.models import Tenant

    Tenant.objects.filter(provisioned_at=None).delete()
    spares = [
        Tenant(provisioned_at="2026-01-01T00:00Z", migrations_fingerprint=head.fingerprint())
        for _ in range(rounds)
    ]
    Tenant.objects.bulk_create(spares)

    def claim() -> None:
        with transaction.atomic():
            assert pool.claim(name="Bench", owner_email="bench@bench.example")

    values = [milliseconds(claim) for _ in range(rounds)]
    report.add("claim a spare", "ms", values, goal="≤ 10", holds=lambda ms: ms <= 10)
    Tenant.objects.filter(pk__in=[spare.pk for spare in spares]).update(
        archived_at="2026-01-01T00:00Z"
    )


def _one_by_one(report: Report, stack: Stack, count: int) -> None:
    """Buy with a spare at hand, each when the pool has recovered from the one before."""
    sessions = [buyers.order(stack) for _ in range(count)]
    waits = []
    for session in sessions:
        _wait_for_spares(stack)
        buyers.pay(stack, session)
        times = buyers.wait_for(stack, [session], patience=PATIENCE)[session]
        waits.append(1000 * (times.ready - times.received))
    report.add(
        "webhook to ready, with a spare", "ms", waits, goal="p50 ≤ 150", holds=lambda ms: ms <= 150
    )
    late = percentile(waits, 0.95)
    report.add("webhook to ready, p95", "ms", [late], goal="≤ 500", holds=lambda ms: ms <= 500)


def _at_once(report: Report, stack: Stack, count: int) -> None:
    sessions = [buyers.order(stack) for _ in range(count)]
    _wait_for_spares(stack)
    _tell(report, stack, buyers.pay_at_once(stack, sessions), f"{count} at once, {POOL} spares")


def _steadily(report: Report, stack: Stack, *, a_second: int, seconds: int) -> None:
    _wait_for_spares(stack)
    paid = buyers.buy_steadily(stack, a_second=a_second, seconds=seconds)
    _tell(report, stack, paid, f"{a_second} a second for {seconds} s, {POOL} spares")


def _tell(report: Report, stack: Stack, paid: dict[str, float], title: str) -> None:
    """Report how long they waited from their payment on, and who waits still."""
    found = buyers.wait_for(stack, paid, patience=PATIENCE)
    waits = [times.ready - paid[session] for session, times in found.items()]
    report.add(f"{title}: payment to ready", "s", waits)
    report.add(f"{title}: the worst wait", "s", [max(waits)], goal="stated")
    report.add(
        f"{title}: lost", "buyers", [len(paid) - len(found)], goal="0", holds=lambda lost: not lost
    )


def _wait_for_spares(stack: Stack) -> None:
    """Return when the pool is full again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with psycopg.connect(stack.database_url) as database:
            (there,) = database.execute(SPARES).fetchone() or (0,)
        if there >= POOL:
            return
        assert time.monotonic() < deadline, f"the pool stays at {there} of {POOL}"
        time.sleep(0.1)


if __name__ == "__main__":
    main(measure)
