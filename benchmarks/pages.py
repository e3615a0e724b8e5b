"""What tenancy costs a request, from 10 to 3,000 tenants, and what backends remember of them."""

from __future__ import annotations

import random
import re
from functools import partial
from pathlib import Path

import psycopg

from benchmarks.figures import Report, milliseconds, percentile
from benchmarks.world import grow, main, world

DOMAINS = """
    INSERT INTO tenants_domain (domain, tenant_id, is_primary, created_at)
    SELECT 'bench-' || t.id || '.localhost', t.id, true, now() FROM tenants_tenant t
    WHERE t.opened_at IS NOT NULL AND NOT EXISTS (SELECT FROM tenants_domain d WHERE d.tenant_id = t.id)
"""
PRIVATE = re.compile(r"^Private_\w+:\s+(\d+) kB", re.MULTILINE)


def measure(report: Report, quick: bool) -> None:
    """Ask the sign-in page's data of one tenant and of random ones; then weigh a backend."""
    rounds = 100 if quick else 2000
    with world(CONNECTION_TENANTS="50") as stack:
        first: float | None = None
        for size in (10, 40) if quick else (10, 100, 1000, 3000):
            grow(stack, size)
            with psycopg.connect(stack.database_url) as database:
                database.execute(DOMAINS)
            first = _pages(report, size, rounds, first)
            _weigh(report, size)


def _pages(report: Report, size: int, rounds: int, first: float | None) -> float:
    from public_apps.core.schemas import inside, to_public
    from public_apps.tenants.models import Tenant

    names = list(
        Tenant.objects.filter(opened_at__isnull=False).values_list("schema_name", flat=True)
    )

    def page(schema_name: str) -> None:
        with inside(schema_name):
            _six_queries()
        to_public()

    plain = [milliseconds(_six_queries) for _ in range(rounds)]
    one = [milliseconds(partial(page, names[0])) for _ in range(rounds)]
    choose = random.Random(7)  # noqa: S311 - the same order each time
    mixed = [milliseconds(partial(page, choose.choice(names))) for _ in range(rounds)]
    report.add(f"{size} tenants: six queries without tenancy", "ms", plain)
    median = report.add(f"{size} tenants: six queries, one tenant", "ms", one)
    report.add(f"{size} tenants: six queries, random tenants", "ms", mixed)
    ratio = median / percentile(plain, 0.5)
    report.add(
        f"{size} tenants: under tenancy over without", "times", [ratio],
        goal="≤ 1.1", holds=lambda times: times <= 1.1,
    )  # fmt: skip
    start = median if first is None else first
    report.add(
        f"{size} tenants: p50 over that at 10", "times", [median / start],
        goal="within 10 %", holds=lambda times: times <= 1.1,
    )  # fmt: skip
    report.point("six queries, one tenant, ms", size, median)
    report.point("six queries, random tenants, ms", size, percentile(mixed, 0.5))
    return start


def _six_queries() -> None:
    from public_apps.accounts.models import User

    for role in ("owner", "manager", "member", "tenant", "staff", "nobody"):
        list(User.objects.filter(role=role)[:20])


def _weigh(report: Report, size: int) -> None:
    from django.db import close_old_connections

    from public_apps.core.schemas import inside
    from public_apps.tenants.models import Tenant

    names = Tenant.objects.filter(opened_at__isnull=False).values_list("schema_name", flat=True)
    heaviest = 0.0
    for name in list(names):
        with inside(name):
            _touch_all()
            heaviest = max(heaviest, _private_megabytes())
        close_old_connections()
    report.add(
        f"{size} tenants: heaviest backend, every table touched", "MB private", [heaviest],
        goal="≤ 150", holds=lambda megabytes: megabytes <= 150,
    )  # fmt: skip
    report.point("heaviest backend, MB", size, heaviest)


def _touch_all() -> None:
    from django.db import connection

    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    with connection.cursor() as cursor:
        cursor.execute(tables)
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT FROM "{table}" LIMIT 1')


def _private_megabytes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone() or (0,)
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kilobytes) for kilobytes in PRIVATE.findall(text)) / 1024


if __name__ == "__main__":
    main(measure)
