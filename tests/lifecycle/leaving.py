"""Workspaces on their way out, and time that passes for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from public_apps.core import jobs
from public_apps.tenants.models import Departure, Tenant
from public_apps.tenants.offboarding import departures
from tests.core.web_stack import Workspace, create_workspace
from tests.customer import until

PUBLIC_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def suspended(days: float) -> Workspace:
    """Return a workspace whose subscription ended so many days ago."""
    workspace = create_workspace()
    since = timezone.now() - timedelta(days=days)
    row = Tenant.objects.filter(pk=workspace.tenant.pk)
    row.update(suspended_at=since, suspended_reason="cancelled")
    return workspace


def over(days: float = 1) -> Workspace:
    """Return one whose time is over."""
    return suspended(settings.RETENTION_DAYS + days)


def of(workspace: Workspace) -> Departure:
    """Return the departure as it is now."""
    departure = departures.current(workspace.tenant)
    assert departure is not None
    return departure


def later(workspace: Workspace, **wait: float) -> Departure:
    """Let time pass: what happened to a departure happened so much earlier."""
    departure = of(workspace)
    times = [field.name for field in Departure._meta.fields if field.name.endswith("_at")]
    for name in times:
        moment: Any = getattr(departure, name)
        setattr(departure, name, moment - timedelta(**wait) if moment else None)
    departure.save()
    return departure


def swept(tenant: Tenant, so: Callable[[Departure], object]) -> Departure:
    """Have the worker sweep until it is so, and return the departure then.

    One sweep may be too early: it passes over a departure that the one before is just done with.
    """

    def sweep() -> None:
        jobs.defer_once("offboarding.sweep_departures", lock="a test's sweep", timestamp=0)

    def found() -> Departure | None:
        departure = departures.current(tenant)
        if departure is not None and so(departure):
            return departure
        sweep()
        return None

    sweep()
    return until(found, otherwise=lambda: str(vars(departures.current(tenant) or object)))


def public_rows_with(text: str) -> list[str]:
    """Return the tables of public that hold a text anywhere, as PostgreSQL writes its rows."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(PUBLIC_TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM public."{table}" row WHERE row::text ILIKE %s',  # noqa: S608
                [f"%{text}%"],
            )
            if cursor.fetchone()[0]:
                found.append(table)
    return found
