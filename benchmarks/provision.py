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

POOL, QUICK_POOL = 20, 8
SPARES = """
    SELECT count(*) FROM tenants_tenant WHERE claimed_at IS NULL AND provisioned_at IS NOT NULL
    AND archived_at IS NULL
"""
PATIENCE = 900  # then a buyer counts as lost


def measure(report: Report, quick: bool) -> None:
    """Build at several sizes of the fleet, claim, then buy through web, queue and worker."""
    pool = QUICK_POOL if quick else POOL
    with world("mail", "mock_stripe", TENANT_POOL_SIZE=str(pool)) as stack:
        _building(report, stack, 2 if quick else 7)
        _claiming(report, 10 if quick else 100)
        stack.command("plans", "plans", "push")
        add_spares(stack, pool)
        stack.start_part("web")
        stack.start_part("worker")
        stack.wait_ready()
        shop = Shop(report, stack, pool)
        shop.one_by_one(5 if quick else 60)
        shop.at_once(10 if quick else 50)
        shop.steadily(a_second=2 if quick else 5, seconds=5 if quick else 60)


def _building(report: Report, stack: Stack, rounds: int) -> None:
    from public_apps.tenants import schema_creation

    schema_creation.build_tenant()  # what a process works out once
    first: list[float] = []
    for size in report.sizes:
        grow(stack, size)
        limit = _final_ddl(stack, schema_creation.build_tenant().schema_name)
        ours, theirs, least = [], [], []
        for _ in range(rounds):
            ours.append(milliseconds(schema_creation.build_tenant))
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
    from public_apps.core.schema_context import to_public
    from public_apps.tenants.models import Tenant

    Tenant.objects.create().create_schema(check_if_exists=False, sync_schema=True, verbosity=0)
    to_public()


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

    from public_apps.tenants import pool, schema_names
    from public_apps.tenants.models import Tenant
    from public_apps.tenants.schema_migrations import head

    Tenant.objects.filter(provisioned_at=None).delete()
    spares = [
        Tenant(
            schema_name=schema_names.fresh(),
            provisioned_at="2026-01-01T00:00Z",
            migrations_fingerprint=head.fingerprint(),
        )
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


class Shop:
    """A system that sells, with so many spares kept at hand."""

    def __init__(self, report: Report, stack: Stack, pool: int) -> None:
        self._report = report
        self._stack = stack
        self._pool = pool

    def one_by_one(self, count: int) -> None:
        """Buy with a spare at hand, each when the pool has recovered from the one before."""
        waits = []
        for session in [buyers.order(self._stack) for _ in range(count)]:
            self._wait_for_spares()
            buyers.pay(self._stack, session)
            times = buyers.wait_for(self._stack, [session], patience=PATIENCE)[session]
            waits.append(1000 * (times.ready - times.received))
        self._report.add(
            "webhook to ready, with a spare", "ms", waits,
            goal="p50 ≤ 150", holds=lambda ms: ms <= 150,
        )  # fmt: skip
        self._report.add(
            "webhook to ready, p95", "ms", [percentile(waits, 0.95)],
            goal="≤ 500", holds=lambda ms: ms <= 500,
        )  # fmt: skip

    def at_once(self, count: int) -> None:
        """Let so many pay in the same moment."""
        sessions = [buyers.order(self._stack) for _ in range(count)]
        self._wait_for_spares()
        self._tell(f"{count} at once", buyers.pay_at_once(self._stack, sessions))

    def steadily(self, *, a_second: int, seconds: int) -> None:
        """Let buyers come whether or not the earlier ones are served."""
        self._wait_for_spares()
        paid = buyers.buy_steadily(self._stack, a_second=a_second, seconds=seconds)
        self._tell(f"{a_second} a second for {seconds} s", paid)

    def _tell(self, who: str, paid: dict[str, float]) -> None:
        """Report how long they waited from their payment on, and who waits still."""
        found = buyers.wait_for(self._stack, paid, patience=PATIENCE)
        waits = [times.ready - paid[session] for session, times in found.items()]
        title = f"{who}, {self._pool} spares"
        self._report.add(f"{title}: payment to ready", "s", waits)
        self._report.add(f"{title}: the worst wait", "s", [max(waits)], goal="stated")
        self._report.add(
            f"{title}: lost", "buyers", [len(paid) - len(found)],
            goal="0", holds=lambda lost: lost == 0,
        )  # fmt: skip

    def _wait_for_spares(self) -> None:
        """Return when the pool is full again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with psycopg.connect(self._stack.database_url) as database:
                (there,) = database.execute(SPARES).fetchone() or (0,)
            if there >= self._pool:
                return
            assert time.monotonic() < deadline, f"the pool stays at {there} of {self._pool}"
            time.sleep(0.1)


if __name__ == "__main__":
    main(measure)
