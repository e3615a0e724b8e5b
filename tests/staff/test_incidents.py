"""Incidents: one of a kind and subject, its mails, what the checks see, and staff's closing."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from billing import stripe_mismatch
from billing.models import EventStatus, StripeEvent
from public_apps.core.models import OutgoingMail
from public_apps.monitoring import incidents
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import Tenant
from staff.alerts import checks, kinds
from tests.billing.posting import event
from tests.core.web_stack import HttpClient, WebStack
from tests.staff.desk import staff_member

OPS = ("anna@staff.example", "nikos@staff.example")


@pytest.fixture
def calm(web_stack: WebStack) -> Iterator[None]:
    """Nothing open, and two people to tell."""
    Incident.objects.all().delete()
    with override_settings(OPS_ALERT_EMAILS=OPS):
        yield
    Incident.objects.all().delete()


def mails(kind: str) -> list[str]:
    """Return to whom mails of a kind are promised about incidents that exist."""
    keys = [f"{pk}:" for pk in Incident.objects.values_list("pk", flat=True)]
    found = OutgoingMail.objects.filter(kind=kind).order_by("to")
    return [mail.to for mail in found if mail.key.startswith(tuple(keys))]


def failed_event(kind: str) -> StripeEvent:
    """Return an event that was given up just now."""
    sent = event(type=kind)
    return StripeEvent.objects.create(
        id=sent["id"], type=kind, livemode=False, payload=sent, error="ValueError: no",
        status=EventStatus.FAILED, processed_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.usefixtures("calm")
def test_drift_is_mailed_once_and_once_more_when_it_is_over() -> None:
    for _hour in range(3):
        stripe_mismatch.report(["subscription sub_1: ours active, Stripe's paused"])
    assert mails(incidents.OPENED) == list(OPS)
    assert mails(incidents.OVER) == []
    for _hour in range(3):
        stripe_mismatch.report([])
    assert mails(incidents.OVER) == list(OPS)
    stripe_mismatch.report(["another time"])
    assert Incident.objects.filter(kind=stripe_mismatch.KIND).count() == 2


@pytest.mark.usefixtures("calm")
def test_events_of_each_type_are_an_incident_and_closed_ones_are_not_told_again() -> None:
    types = [f"test.{secrets.token_hex(3)}" for _ in range(2)]
    events = [failed_event(types[0]), failed_event(types[0]), failed_event(types[1])]
    try:
        checks.run()
        opened = Incident.objects.filter(kind="event_failed", subject__in=types)
        assert {each.subject: len(each.lines) for each in opened} == {types[0]: 2, types[1]: 1}
        incidents.close(opened.get(subject=types[0]))
        checks.run()
        assert opened.filter(closed_at=None).count() == 1
        events.append(failed_event(types[0]))
        checks.run()
        [again] = opened.filter(subject=types[0], closed_at=None)
        assert len(again.lines) == 1, "only what has failed since"
    finally:
        StripeEvent.objects.filter(pk__in=[each.pk for each in events]).delete()
    checks.run()
    assert not opened.filter(closed_at=None).exists()


@pytest.mark.usefixtures("calm")
def test_a_dry_pool_is_told_once_it_has_had_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    stale = Tenant.objects.spare()
    marks = dict(stale.values_list("pk", "migrations_fingerprint"))
    stale.update(migrations_fingerprint="yesterday's")
    try:
        with override_settings(TENANT_POOL_SIZE=5):
            monkeypatch.setattr(checks, "_began", time.monotonic())
            assert checks.pool_dry(now) is None, "a worker that has just begun waits"
            monkeypatch.setattr(checks, "_began", time.monotonic() - 3600)
            [line] = (checks.pool_dry(now + timedelta(hours=1)) or {})[""]
        assert "5 spare tenants" in line
        with override_settings(TENANT_POOL_SIZE=0):
            assert checks.pool_dry(now + timedelta(hours=1)) == {}
    finally:
        for pk, mark in marks.items():
            Tenant.objects.filter(pk=pk).update(migrations_fingerprint=mark)


@pytest.mark.usefixtures("calm")
def test_operators_close_what_they_have_seen_to_and_others_may_not(http_client: HttpClient) -> None:
    incidents.report(kinds.POOL_DRY, {"": ["None of 5 spare tenants is there."]})
    incident = Incident.objects.get(kind="pool_dry")
    asked = {"action": "close_chosen", "_selected_action": str(incident.pk)}
    reader, _email = staff_member(http_client, ["monitoring.view_incident"])
    reader.submit("monitoring/incident/", **asked, confirmed="yes")
    assert Incident.objects.get(pk=incident.pk).closed_at is None
    operator, _email = staff_member(
        http_client, ["monitoring.view_incident", "monitoring.change_incident"]
    )
    page = operator.submit("monitoring/incident/", **asked)
    assert page.status_code == 200, "it asks first"
    assert Incident.objects.get(pk=incident.pk).closed_at is None
    operator.submit("monitoring/incident/", **asked, confirmed="yes")
    assert Incident.objects.get(pk=incident.pk).closed_at is not None
    moved = operator.get("billing/incident/?closed_at=")  # where old mails and bookmarks lead
    assert (moved.status_code, moved.headers["Location"]) == (
        302,
        "/admin/monitoring/incident/?closed_at=",
    )
