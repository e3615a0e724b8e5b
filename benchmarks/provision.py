"""Building a tenant, claiming a spare, and the way from the webhook to `ready`."""

from __future__ import annotations

import secrets
import subprocess
import time
from contextlib import suppress
from functools import partial

import psycopg
import requests

from benchmarks.figures import Report, milliseconds, percentile
from benchmarks.world import grow, main, world
from devstack.stack import Stack

BOUGHT = """
    SELECT extract(epoch FROM s.ready_at - min(e.received_at)) * 1000
    FROM onboarding_signup s JOIN billing_stripeevent e ON e.object_id = s.checkout_session_id
    WHERE s.ready_at IS NOT NULL AND s.email LIKE '%@bench.example' GROUP BY s.id
"""


def measure(report: Report, quick: bool) -> None:
    """Build at several sizes of the fleet, claim, then buy through web, queue and worker."""
    with world("mail", "mock_stripe", TENANT_POOL_SIZE="40") as stack:
        _building(report, stack, (5, 40) if quick else (10, 100, 1000, 3000), 2 if quick else 7)
        _claiming(report, 10 if quick else 100)
        _buying(report, stack, 10 if quick else 50)


def _building(report: Report, stack: Stack, sizes: tuple[int, ...], rounds: int) -> None:
    from public_apps.tenants import building

    building.build_tenant()  # what a process works out once
    ours: list[float] = []
    for size in sizes:
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
        for line, values in (("ours", ours), ("django-tenants", theirs), ("PostgreSQL", least)):
            report.point(f"build, ms: {line}", size, percentile(values, 0.5))


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


def _buying(report: Report, stack: Stack, buyers: int) -> None:
    stack.command("plans", "plans", "push")
    stack.start_part("web")
    stack.start_part("worker")
    stack.wait_ready()
    url = f"http://127.0.0.1:{stack.web_port}/api/billing/checkout/"
    for number in range(buyers):
        label = f"bench-{number}-{secrets.token_hex(3)}"
        body = {
            "organization": "Bench", "subdomain": label, "email": f"{label}@bench.example",
            "first_name": "Be", "last_name": "Nch", "plan": "professional", "interval": "month",
        }  # fmt: skip
        session = requests.post(url, json=body, timeout=60).json()["session_id"]
        complete = f"{stack.mock_url}/_control/sessions/{session}/complete"
        requests.post(complete, json={"outcome": "paid"}, timeout=60).raise_for_status()
        time.sleep(0.3)
    waits = _waits(stack, buyers)
    report.add(
        "webhook to ready, with a spare", "ms", waits, goal="p50 ≤ 150", holds=lambda ms: ms <= 150
    )
    late = percentile(waits, 0.95)
    report.add("webhook to ready, p95", "ms", [late], goal="≤ 500", holds=lambda ms: ms <= 500)
    report.add("buyers lost", "", [buyers - len(waits)], goal="0", holds=lambda lost: lost == 0)


def _waits(stack: Stack, buyers: int) -> list[float]:
    deadline = time.monotonic() + 120
    waits: list[float] = []
    while len(waits) < buyers and time.monotonic() < deadline:
        time.sleep(0.5)
        with suppress(psycopg.OperationalError), psycopg.connect(stack.database_url) as database:
            waits = [float(ms) for (ms,) in database.execute(BOUGHT).fetchall()]
    return waits


if __name__ == "__main__":
    main(measure)
