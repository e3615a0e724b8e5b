"""How long the staff's pages take with 10,000 tenants and 1,000,000 events.

    .venv/bin/python -m benchmarks.dashboard [--tenants N] [--events N] [--json PATH]

Starts a system of its own in a temporary folder, fills it, and opens each page as a browser does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import LiteralString

import psycopg
import requests

from devstack import environment
from devstack.stack import Stack

GOAL_SECONDS = 1.0
REPEATS = 10
PAGES = (
    "/admin/",
    "/admin/billing/stripeevent/",
    "/admin/billing/stripeevent/?status__exact=failed",
    "/admin/billing/stripeevent/?type=invoice.paid",
    "/admin/billing/stripeevent/?tenant={tenant}",
    "/admin/billing/stripeevent/?q=evt_bench_500000",
    "/admin/tenants/tenant/",
    "/admin/tenants/tenant/?q=bench-77",
    "/admin/tenants/tenant/?state=suspended",
    "/admin/tenants/tenant/{tenant}/change/",
)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
# One statement each; %(tenants)s and %(events)s are how many.
FILL: tuple[LiteralString, ...] = (
    """
    INSERT INTO tenants_tenant (schema_name, name, owner_email, migrations_fingerprint, created_at,
        provisioned_at, claimed_at, opened_at, suspended_at, suspended_reason)
    SELECT 't_' || lpad(to_hex(n), 24, '0'), 'Bench ' || n, 'owner' || n || '@bench.example', '',
        now() - n * interval '1 hour', now(), now(), now(), CASE WHEN n %% 20 = 0 THEN now() END, ''
    FROM generate_series(1, %(tenants)s) n
    """,
    """
    INSERT INTO tenants_domain (domain, tenant_id, is_primary, created_at)
    SELECT 'bench-' || id || '.localhost', id, true, now() FROM tenants_tenant
    WHERE claimed_at IS NOT NULL
    """,
    """
    INSERT INTO onboarding_signup (id, organization, requested_subdomain, subdomain, email,
        first_name, last_name, language, plan, "interval", source, checkout_url,
        request_fingerprint, created_at, paid_at, tenant_id, workspace_at, address_at, owner_at,
        ready_at, failure, welcome_mails)
    SELECT gen_random_uuid(), name, 'bench-' || id, 'bench-' || id, owner_email, 'B', 'Ench', 'en',
        'starter', 'month', 'checkout', '', '', created_at, created_at + interval '70 s', id,
        now(), now(), now(), created_at + interval '71 s', '', 0
    FROM tenants_tenant WHERE claimed_at IS NOT NULL
    """,
    """
    INSERT INTO billing_subscription (id, customer_id, tenant_id, status, created_at, synced_at,
        price_id, item_id, quantity, unit_amount, renewal_amount, currency, "interval",
        cancel_at_period_end, collection_paused)
    SELECT 'sub_bench_' || id, 'cus_' || id, id,
        (ARRAY['active', 'active', 'active', 'trialing', 'past_due', 'canceled'])[1 + id %% 6],
        created_at, now(), 'price_x', '', 1, 4900, 4900, 'eur', 'month', false, false
    FROM tenants_tenant WHERE claimed_at IS NOT NULL
    """,
    """
    INSERT INTO billing_stripeevent (id, type, api_version, livemode, object_id, payload, status,
        attempts, error, received_at, next_attempt_at, processed_at, tenant_id)
    SELECT 'evt_bench_' || n,
        (ARRAY['invoice.paid', 'customer.subscription.updated', 'payment_intent.succeeded',
            'checkout.session.completed', 'product.created'])[1 + n %% 5],
        '2026-10-28.endive', false, 'in_' || n, jsonb_build_object('id', 'evt_bench_' || n,
            'data', jsonb_build_object('object', repeat(md5(n::text), 25))),
        CASE WHEN n %% 20000 = 0 THEN 'failed' WHEN n %% 50000 = 1 THEN 'parked' ELSE 'processed' END,
        1, '', now() - n * interval '2.6 s', now(),
        CASE WHEN n %% 50000 = 1 AND n %% 20000 <> 0 THEN NULL ELSE now() END,
        (SELECT min(id) FROM tenants_tenant) + n %% %(tenants)s
    FROM generate_series(1, %(events)s) n
    """,
    """
    INSERT INTO core_outgoingmail (kind, key, "to", language, message_id, created_at,
        next_attempt_at, attempts, error, sent_at, failed_at)
    SELECT 'bench', n, 'owner' || n || '@bench.example', 'en', gen_random_uuid(), now(), now(), 1, '',
        CASE WHEN n %% 5000 <> 0 THEN now() END, CASE WHEN n %% 5000 = 0 THEN now() END
    FROM generate_series(1, %(events)s / 10) n
    """,
    """
    INSERT INTO core_webhookslot (span, at, accepted, refused, broken, answer_buckets, handled,
        failed_attempts, handled_buckets)
    SELECT 'hour', date_trunc('hour', now()) - n * interval '1 hour', 1388, 2, 3,
        ARRAY[0,0,100,800,400,88,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0], 1380, 5,
        ARRAY[0,0,0,100,900,300,80,0,0,0,0,0,0,0,0,0,0,0,0]
    FROM generate_series(0, 9000) n
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO core_webhookslot (span, at, accepted, refused, broken, answer_buckets, handled,
        failed_attempts, handled_buckets)
    SELECT 'minute', date_trunc('minute', now()) - n * interval '1 minute', 23, 0, 0,
        ARRAY[0,0,3,10,10,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0], 23, 0,
        ARRAY[0,0,0,3,10,10,0,0,0,0,0,0,0,0,0,0,0,0,0]
    FROM generate_series(0, 2880) n
    ON CONFLICT DO NOTHING
    """,
)


def main() -> None:
    """Fill, measure, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    given = {**environment.without_settings(os.environ), "TENANT_POOL_SIZE": "0"}
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "var", environ=given) as stack,
    ):
        for part in ("postgres", "mail"):
            stack.start_part(part)
        stack.release()
        stack.command("staff", "createsuperuser", "--noinput")
        tenant = _fill(stack.database_url, tenants=options.tenants, events=options.events)
        stack.start_part("web")
        measured = _measure(_signed_in(stack), stack.web_url, tenant=tenant)
    if options.json:
        options.json.write_text(json.dumps({"unit": "s", "goal": GOAL_SECONDS, "pages": measured}))


def _fill(database_url: str, *, tenants: int, events: int) -> int:
    began = time.perf_counter()
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement, {"tenants": tenants, "events": events})
        connection.execute("VACUUM ANALYZE")
        row = connection.execute("SELECT max(id) FROM tenants_tenant").fetchone()
        size = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (pretty,) = size.fetchone() or ("?",)
    print(
        f"filled in {time.perf_counter() - began:.0f} s: {tenants} tenants, {events} events, {pretty}"
    )
    return int(row[0]) if row else 0


def _signed_in(stack: Stack) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{stack.web_url}/admin/login/", timeout=60)
    (token,) = TOKEN.findall(page.text)[:1]
    session.post(
        f"{stack.web_url}/admin/login/",
        data={
            "csrfmiddlewaretoken": token,
            "username": stack.env["DJANGO_SUPERUSER_EMAIL"],
            "password": stack.env["DJANGO_SUPERUSER_PASSWORD"],
        },
        timeout=60,
    ).raise_for_status()
    return session


def _measure(session: requests.Session, url: str, *, tenant: int) -> dict[str, list[float]]:
    measured: dict[str, list[float]] = {}
    for page in PAGES:
        address = f"{url}{page.format(tenant=tenant)}"
        session.get(address, timeout=60).raise_for_status()
        for _number in range(REPEATS):
            began = time.perf_counter()
            answer = session.get(address, timeout=60)
            measured.setdefault(page, []).append(time.perf_counter() - began)
            answer.raise_for_status()
            if "/admin/login/" in answer.url:
                raise SystemExit(f"{page} led to the sign-in.")
        _tell(page, measured[page])
    return measured


def _tell(page: str, seconds: list[float]) -> None:
    median, worst = statistics.median(seconds), max(seconds)
    verdict = "ok" if median < GOAL_SECONDS else "TOO SLOW"
    print(f"{page:<55} median {median * 1000:6.0f} ms   worst {worst * 1000:6.0f} ms   {verdict}")


if __name__ == "__main__":
    main()
