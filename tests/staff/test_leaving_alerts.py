"""Staff are told what tenants leave behind and what holds one up on its way out, until it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from public_apps.core.models import OutgoingMail
from public_apps.monitoring.models import Incident
from public_apps.tenants import offboarding_hooks
from public_apps.tenants.models import opaque_schema_name
from public_apps.tenants.offboarding import departures, orphans, steps
from public_apps.tenants.offboarding.tasks import look_for_orphans
from public_apps.tenants.schema_drop import drop_schema
from staff.alerts import checks
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.staff.desk import member_of

OPS = "ops@staff.example"


def told(kind: str) -> str:
    """Return the lines of the open incident of a kind, or nothing."""
    incident = Incident.objects.filter(kind=kind, closed_at=None).first()
    return "\n".join(incident.lines) if incident else ""


@contextmanager
def lost_schema() -> Iterator[str]:
    """A schema that somebody has made by hand."""
    name = opaque_schema_name()
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{name}"')
    try:
        yield name
    finally:
        drop_schema(name)


def test_what_belongs_to_nobody_is_an_incident_until_it_is_gone(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    anna, _person = member_of(http_client, "operator")
    with override_settings(OPS_ALERT_EMAILS=(OPS,)):
        with lost_schema() as name:
            look_for_orphans(timestamp=0)
            look_for_orphans(timestamp=0)
            assert name in told("orphans")
            incident = Incident.objects.get(kind="orphans", closed_at=None)
            assert OutgoingMail.objects.filter(key=f"{incident.pk}:{OPS}").count() == 1
            assert "orphans" in anna.get("").text, "the dashboard"
            assert orphans.is_there(name), "nothing is touched"
        look_for_orphans(timestamp=0)
    assert name not in told("orphans")


def test_schemas_of_the_databases_own_are_nobodys_business(web_stack: WebStack) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA columnar_internal")
    try:
        assert "columnar_internal" not in str(orphans.find())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA columnar_internal")


def test_a_departure_that_is_held_up_is_an_incident(
    web_stack: WebStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offboarding_hooks, "_storages", [])
    tenant = create_workspace().tenant
    now = timezone.now()
    departure = departures.plan_archive(tenant=tenant, begins_at=now, by="test")
    steps.proceed(departure.pk)
    checks.run()
    assert tenant.schema_name not in told("departure_hindered"), "it may still mend by itself"
    checks.run(now=now + timedelta(hours=1, minutes=1))
    assert tenant.schema_name in told("departure_hindered")
    departures.undo(tenant=tenant, by="test")
    checks.run()
    assert tenant.schema_name not in told("departure_hindered")
