"""Building a tenant's schema: whole and verified, or not at all.

In one transaction, where the migrations bear it. Some don't (an index built beside traffic by SQL, a
hook on the commit, BEGIN and COMMIT): these are done one by one as Django does, in a schema in the
making, which is thrown away if its builder dies.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from threading import Lock

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from public_apps.core import clock, locks
from public_apps.tenants import schema_location, schema_names
from public_apps.tenants.models import Tenant
from public_apps.tenants.schema_drop import drop_schema
from public_apps.tenants.schema_migrations import applied as probe
from public_apps.tenants.schema_migrations import executor, head, kept, plan
from public_apps.tenants.schema_migrations.executor import NeedsTransactions
from public_apps.tenants.schema_migrations.plan import Plan

log = structlog.get_logger(__name__)
# Historical models are shared by all builds of a process, and what they remember is not for others.
_one_at_a_time = Lock()
# PostgreSQL's classes of errors: connection, rolled back for others' sake, an operator's word.
PASSING = frozenset({"08", "40", "57"})
LOCK_NOT_AVAILABLE = "55P03"
# Whoever makes a schema in steps holds it before its row is seen: this is only for being sure.
TIME_TO_BEGIN = timedelta(minutes=1)
_from_nothing: list[Plan] = []


class SchemaIncomplete(Exception):
    """A schema does not hold exactly the migrations that this code expects."""


def build_tenant() -> Tenant:
    """Create an unclaimed tenant with its schema at head; on any error nothing is left of it.

    Raises `NeedsTransactions` inside a transaction where the migrations want their own.
    """
    if not needs_transactions():
        try:
            return _build_at_once()
        except Exception as reason:
            # Whatever else it was: Django's own way may know how, or fails by itself.
            if connection.in_atomic_block or _may_pass(reason):
                raise
            log.warning(
                "can't be built in one transaction", reason=f"{type(reason).__name__}: {reason}"
            )
    return _build_in_steps()


def needs_transactions() -> bool:
    """Whether an earlier build of this process has shown that the migrations want their own."""
    return any(whole.needs_transactions for whole in _from_nothing)


def clear_unfinished() -> list[str]:
    """Throw away schemas in the making whose builder is gone; return their names."""
    cleared = []
    begun = clock.now() - TIME_TO_BEGIN
    for tenant in Tenant.objects.filter(provisioned_at=None, claimed_at=None, created_at__lt=begun):
        with locks.while_alive(tenant.schema_name) as alone:
            if alone:
                with transaction.atomic():
                    _discard(tenant)
                cleared.append(tenant.schema_name)
    return cleared


def verify(schema_name: str) -> None:
    """Raise `SchemaIncomplete` unless the schema is at this code's head."""
    applied = probe.applied(schema_name)
    if not head.is_head(applied):
        odd = sorted((head.required() - applied) | (applied - head.known()))
        raise SchemaIncomplete(f"{schema_name} differs from this code in {odd[:5]}")


def fill(schema_name: str) -> None:
    """Bring a new, empty schema to head, in the caller's transaction.

    Raises `NeedsTransactions`, after which nothing of the schema is to be kept.
    """
    with _one_at_a_time:
        whole = _plan(schema_name)
        known = len(whole.texts)
        executor.build(schema_name, whole)
        _keep(whole, known)


def _may_pass(error: Exception) -> bool:
    """Whether the same may go well later: the database was away, or somebody held what was needed."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = str(getattr(error.__cause__, "sqlstate", None) or "")
    return not code or code[:2] in PASSING or code == LOCK_NOT_AVAILABLE


def _build_at_once() -> Tenant:
    with transaction.atomic():
        schema_names.pass_lost_numbers()
        tenant: Tenant = Tenant.objects.create(schema_name=schema_names.fresh())
        executor.hold(tenant.schema_name)
        schema_location.create_schema(tenant.schema_name)
        fill(tenant.schema_name)
        _is_built(tenant)
    return tenant


def _build_in_steps() -> Tenant:
    if connection.in_atomic_block:
        raise NeedsTransactions("The migrations of tenants want transactions of their own.")
    tenant = Tenant(schema_name=schema_names.fresh())
    with locks.while_alive(tenant.schema_name):
        with transaction.atomic():
            schema_names.pass_lost_numbers()
            tenant.save()
            schema_location.create_schema(tenant.schema_name)
        try:
            with _one_at_a_time:
                whole = _plan(tenant.schema_name)
                whole.needs_transactions = True
                known = len(whole.texts)
                executor.build_in_steps(tenant.schema_name, whole)
                _keep(whole, known)
            with transaction.atomic():
                _is_built(tenant)
        except BaseException:
            with suppress(DatabaseError), transaction.atomic():  # else `clear_unfinished` will
                _discard(tenant)
            raise
    return tenant


def _plan(schema_name: str) -> Plan:
    if not _from_nothing:
        _from_nothing.append(plan.compile_plan(schema_name, texts=kept.recall()))
    return _from_nothing[0]


def _keep(whole: Plan, known: int) -> None:
    if len(whole.texts) > known:
        kept.keep(whole.texts)


def _is_built(tenant: Tenant) -> None:
    verify(tenant.schema_name)
    tenant.migrations_fingerprint = head.fingerprint()
    tenant.provisioned_at = clock.now()
    tenant.save()
    log.info("schema built", schema=tenant.schema_name)


def _discard(tenant: Tenant) -> None:
    drop_schema(tenant.schema_name)
    Tenant.objects.filter(pk=tenant.pk).delete()
