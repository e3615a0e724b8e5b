"""Database, migrations, worker, spares, mail: what must run."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from typing import Any, NamedTuple

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from procrastinate.contrib.django.models import ProcrastinateWorker

from public_apps.core import clock
from public_apps.core.jobs import SILENT_AFTER_SECONDS
from public_apps.monitoring.models import Incident
from public_apps.tenants import pool
from public_apps.tenants.rollout import inspection
from staff.doctor.findings import Finding, failing, ok, warning

OLDEST_POSTGRES = 14
# A release touches a tenant's tables in one transaction, each with its indexes.
FEWEST_LOCKS = 256
MAIL_ERRORS = (smtplib.SMTPException, OSError, AnymailError)


def examine_database() -> Iterator[Finding]:
    """Version, role and room. Raises `DatabaseError` if nobody answers."""
    here = _asked()
    major = here.version // 10_000
    if major < OLDEST_POSTGRES:
        yield failing(
            "database", f"PostgreSQL {major} is too old.", f"Use {OLDEST_POSTGRES} or newer."
        )
    if not here.may_create:
        yield failing(
            "database",
            "Our role may not create schemas, so no tenant can be built.",
            "GRANT CREATE ON DATABASE … TO the role in DATABASE_URL.",
        )
    if here.superuser:
        yield warning(
            "database", "Our role is a superuser.", "A role that owns its database is enough."
        )
    if here.locks < FEWEST_LOCKS:
        yield warning(
            "database",
            f"max_locks_per_transaction is {here.locks}.",
            f"Set {FEWEST_LOCKS} or more before the fleet grows: dumps and releases take many locks.",
        )
    if here.synchronous_commit == "off":
        yield warning(
            "database",
            "synchronous_commit is off: when PostgreSQL dies, what Stripe was told is stored is gone.",
            "Set it to on. Stripe does not send an event again that it holds for delivered.",
        )
    yield ok("database", f"PostgreSQL {major} answers.")


class _Database(NamedTuple):
    version: int
    superuser: bool
    may_create: bool
    locks: int
    synchronous_commit: str


def _asked() -> _Database:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int,"
            " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
            " has_database_privilege(current_database(), 'CREATE'),"
            " current_setting('max_locks_per_transaction')::int,"
            " current_setting('synchronous_commit')"
        )
        return _Database(*cursor.fetchone())


def examine_migrations() -> Iterator[Finding]:
    """Whether public and every tenant are at this code's head."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{each.app_label}.{each.name}" for each, _backwards in plan[:5])
        yield failing(
            "migrations", f"Public lacks {len(plan)}: {names}.", "Run “manage.py migrate_fleet”."
        )
        return
    yield ok("migrations", "Public is at head.")
    fleet = inspection.take()
    if fleet.ahead:
        yield warning(
            "migrations",
            f"{len(fleet.ahead)} of {fleet.total} tenants are ahead of this release: "
            f"{', '.join(fleet.ahead[:5])}.",
            "A newer release was rolled back. They are served; go forward when it is mended.",
        )
    late = [*fleet.order, *fleet.broken]
    if late:
        yield failing(
            "migrations",
            f"{len(late)} of {fleet.total} tenants are not at head: {', '.join(late[:5])}.",
            "Run “manage.py migrate_fleet”; it names what stops.",
        )
    else:
        yield ok("migrations", f"{fleet.at_head} of {fleet.total} tenants are at head.")


def examine_worker() -> Iterator[Finding]:
    """Whether somebody works, and what stands open."""
    last = ProcrastinateWorker.objects.aggregate(last=Max("last_heartbeat"))["last"]
    silence = (clock.now() - last).total_seconds() if last else None
    if silence is None or silence > SILENT_AFTER_SECONDS:
        since = "never" if silence is None else f"{silence:.0f} s ago"
        yield failing(
            "worker",
            f"No worker is alive (last heartbeat: {since}).",
            "Start the worker service: “manage.py worker”.",
        )
    else:
        yield ok("worker", f"Alive, {silence:.0f} s ago.")
    if pool.is_stocked():
        yield ok("spare tenants", f"{pool.current_spares().count()} are there.")
    else:
        yield warning(
            "spare tenants", "There are none.", "A worker refills them; buyers wait seconds longer."
        )
    opened = Incident.objects.filter(closed_at=None)
    for incident in opened.order_by("opened_at"):
        yield warning("incidents", f"Open: {incident}.", "See docs/operations.md.")


def examine_mail() -> Iterator[Finding]:
    """Whether the mail server takes us; nothing is sent."""
    backend: Any = get_connection()
    where = _mail_server()
    try:
        backend.open()
    except MAIL_ERRORS as error:
        yield failing("mail", f"{where}: {error}", "Check EMAIL_* or the provider's ANYMAIL_*.")
        return
    backend.close()
    if not settings.DEBUG and settings.EMAIL_BACKEND.startswith("django.core.mail.backends."):
        kind = settings.EMAIL_BACKEND.split(".")[-2]
        if kind != "smtp":
            yield failing("mail", f"EMAIL_BACKEND is {kind}: nothing leaves.", "Use smtp.")
            return
    yield ok("mail", f"{where} takes us.")


def send_mail(address: str) -> Finding:
    """Send a test mail past the outbox, so that what the server says is heard here."""
    message = EmailMessage(
        subject=f"{settings.EMAIL_SUBJECT_PREFIX}Test",
        body=f"Sent by “manage.py doctor” of {settings.SITE_URL}. Mail works.",
        to=[address],
    )
    try:
        message.send()
    except MAIL_ERRORS as error:
        return failing("test mail", f"Not taken: {error}", "Check EMAIL_* or ANYMAIL_*.")
    return ok("test mail", f"Taken by {_mail_server()}, from {settings.DEFAULT_FROM_EMAIL}.")


def _mail_server() -> str:
    if settings.EMAIL_BACKEND.startswith("anymail."):
        return settings.EMAIL_BACKEND.split(".")[-2]
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
