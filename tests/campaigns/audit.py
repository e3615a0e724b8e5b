"""What stands there in the end: read from the database and the mailbox, not from the product's word."""

from __future__ import annotations

import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import psycopg
from psycopg import sql

from devstack import mailbox
from devstack.stack import Stack
from tests.breakable import BUSY
from tests.campaigns.people import Log, Owner
from tests.campaigns.records import Ending, Purchase, Record
from tests.customer import LINK, Shop

UNREADY = """
SELECT count(*) FROM onboarding_signup WHERE checkout_session_id = ANY(%s) AND ready_at IS NULL
"""
SIGNUPS = """
SELECT s.checkout_session_id, extract(epoch FROM s.ready_at), t.schema_name, d.domain
FROM onboarding_signup s LEFT JOIN tenants_tenant t ON t.id = s.tenant_id
LEFT JOIN tenants_domain d ON d.tenant_id = t.id AND d.is_primary
WHERE s.checkout_session_id IS NOT NULL
"""
OPEN = """
SELECT owner_email, schema_name FROM tenants_tenant
WHERE claimed_at IS NOT NULL AND opened_at IS NOT NULL AND suspended_at IS NULL
"""
CLAIMED = "SELECT owner_email, schema_name FROM tenants_tenant WHERE claimed_at IS NOT NULL"
COMPLETED = """
SELECT object_id, count(*) FROM billing_stripeevent
WHERE type = 'checkout.session.completed' AND status = 'processed' GROUP BY object_id
"""
UNPROCESSED = """
SELECT status, type, count(*), max(error) FROM billing_stripeevent
WHERE status NOT IN ('processed', 'ignored') GROUP BY 1, 2 ORDER BY 1, 2
"""
# A schema without its row, a row without its schema, and a row whose schema was never finished.
HALF_BUILT = """
WITH there AS (SELECT nspname::text AS name FROM pg_namespace WHERE nspname LIKE 't\\_%'),
    whole AS (SELECT schema_name::text AS name FROM tenants_tenant WHERE provisioned_at IS NOT NULL)
SELECT 'the schema ' || name || ' has no finished tenant' FROM (TABLE there EXCEPT TABLE whole) a
UNION ALL
SELECT 'the tenant ' || name || ' has no schema' FROM (TABLE whole EXCEPT TABLE there) b
UNION ALL
SELECT 'the tenant ' || schema_name || ' was never finished' FROM tenants_tenant
WHERE provisioned_at IS NULL
"""
LOST_DOMAINS = """
SELECT 'the domain ' || domain || ' leads to nobody' FROM tenants_domain d
JOIN tenants_tenant t ON t.id = d.tenant_id WHERE t.claimed_at IS NULL OR t.opened_at IS NULL
"""
SIGN_INS_AT_ONCE = 4
STEADY_SECONDS = 120.0  # a spare may be under construction when we look
LOOK_SECONDS = 0.5
COMMAND_SECONDS = 300.0


@dataclass(frozen=True)
class Found:
    """What the database says of one session's sign-up."""

    ready_at: float | None
    schema: str
    host: str


def settle(stack: Stack, purchases: list[Purchase], *, patience: float) -> str:
    """Wait until nothing is under way or due; return what still was when patience ended."""
    paid = [each.session_id for each in purchases if each.paid_at is not None]
    deadline = time.monotonic() + patience
    while True:
        unrest = _unrest(stack, paid)
        if not unrest or time.monotonic() > deadline:
            return unrest
        time.sleep(LOOK_SECONDS)


def _unrest(stack: Stack, sessions: list[str]) -> str:
    try:
        with psycopg.connect(stack.database_url, connect_timeout=5) as database:
            [(unready,)] = database.execute(UNREADY, [sessions]).fetchall()
            [(busy,)] = database.execute(BUSY).fetchall()
    except psycopg.Error as error:
        return f"the database: {error}"
    return (
        f"{unready} paid and not ready, {busy} events, mails and jobs due"
        if unready or busy
        else ""
    )


def look(record: Record, stack: Stack, log: Log) -> None:
    """Write into the record what has become of every purchase, and of everything else."""
    found = signups(stack)
    mails = welcome_mails(stack)
    _look_at_purchases(record, stack, found, mails)

    def sign_in(purchase: Purchase) -> None:
        host, letters = found[purchase.session_id].host, mails[purchase.email]
        if host and letters:
            owner = Owner(Shop(stack), log, purchase.address, purchase)
            _moment, newest = letters[-1]
            purchase.signed_in = owner.sign_in(newest, host)

    todo = [each for each in record.purchases if each.ready_at is not None and not each.signed_in]
    with ThreadPoolExecutor(SIGN_INS_AT_ONCE) as people:
        list(people.map(sign_in, todo))
    _look_at_the_rest(record.purchases, record.ending, stack)


def signups(stack: Stack) -> dict[str, Found]:
    """Return what became of every checkout session."""
    port = stack.web_port
    return {
        session: Found(
            None if ready is None else float(ready), schema or "", f"{host}:{port}" if host else ""
        )
        for session, ready, schema, host in _rows(stack, SIGNUPS)
    }


def welcome_mails(stack: Stack) -> Mapping[str, list[tuple[float, EmailMessage]]]:
    """Return the mails with a link to choose a password, by address, with the moment of arrival."""
    found: dict[str, list[tuple[float, EmailMessage]]] = defaultdict(list)
    for path in sorted(stack.mail_dir.glob("*.eml")):
        mail = mailbox.read(path)
        if LINK.search(mailbox.plain_text(mail)):
            arrived = int(path.name.partition("-")[0]) / 1e9  # as the catcher names them
            found[str(mail["To"]).strip("<> ")].append((arrived, mail))
    return found


def _look_at_purchases(
    record: Record,
    stack: Stack,
    found: Mapping[str, Found],
    mails: Mapping[str, list[tuple[float, EmailMessage]]],
) -> None:
    completed = {session: int(count) for session, count in _rows(stack, COMPLETED)}
    schemas: dict[str, list[str]] = defaultdict(list)
    for email, schema in _rows(stack, OPEN):
        schemas[email].append(schema)
    for each in record.purchases:
        each.workspaces = len(schemas[each.email])
        each.owners = sum(_people(stack, schema) for schema in schemas[each.email])
        each.completed = completed.get(each.session_id, 0)
        each.mails = [moment for moment, _mail in mails[each.email]]
        if each.session_id in found:
            each.ready_at = found[each.session_id].ready_at


def _look_at_the_rest(purchases: list[Purchase], ending: Ending, stack: Stack) -> None:
    paid = {each.email for each in purchases if each.paid_at is not None}
    ending.strange = [schema for email, schema in _rows(stack, CLAIMED) if email not in paid]
    ending.open_events = [
        f"{count} of {kind}: {status} ({error})"
        for status, kind, count, error in _rows(stack, UNPROCESSED)
    ]
    deadline = time.monotonic() + STEADY_SECONDS
    while (half_built := _column(stack, HALF_BUILT)) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    ending.half_built = half_built
    ending.orphans = _column(stack, LOST_DOMAINS)
    ending.doctor = _failings(stack)


def _failings(stack: Stack) -> list[str]:
    try:
        done = stack.manage("doctor", "--json", timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired as late:
        return [str(late)]
    try:
        findings: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:
        return [_last(done)]
    return [
        f"{each['part']}: {each['detail']}" for each in findings if each["verdict"] == "failing"
    ]


def _last(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def _people(stack: Stack, schema: str) -> int:
    with psycopg.connect(stack.database_url) as database:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, "accounts_user"))
        [(count,)] = database.execute(query).fetchall()
    return int(count)


def _column(stack: Stack, query: str) -> list[str]:
    return [str(row[0]) for row in _rows(stack, query)]


def _rows(stack: Stack, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(stack.database_url, connect_timeout=10) as database:
        return database.execute(query.encode()).fetchall()
