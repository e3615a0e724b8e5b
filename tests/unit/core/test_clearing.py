"""What grows without end is cleared when it is old enough; what somebody may still ask for stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from pytest_django import Settings

from billing import clearing as billing_clearing
from billing.models import EventStatus, StripeEvent
from public_apps.accounts import sessions
from public_apps.accounts.hashed_sessions import digest_of
from public_apps.accounts.models import User
from public_apps.core import clearing
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public, inside
from public_apps.onboarding.models import Signup
from public_apps.tenants import tasks
from public_apps.tenants.models import Tenant


def long_ago(days: int) -> Any:
    return timezone.now() - timedelta(days=days)


def event(name: str, status: EventStatus, *, days: int) -> None:
    is_open = status in {EventStatus.RECEIVED, EventStatus.PARKED}
    StripeEvent.objects.create(
        id=name, type="invoice.paid", livemode=False, payload={}, status=status,
        received_at=long_ago(days), processed_at=None if is_open else long_ago(days),
    )  # fmt: skip


def test_events_that_are_done_with_go_and_those_that_wait_for_somebody_stay(
    db: None, settings: Settings
) -> None:
    settings.EVENT_KEEP_DAYS = 90
    for status in EventStatus:
        event(f"evt_old_{status}", status, days=91)
        event(f"evt_new_{status}", status, days=89)
    assert billing_clearing.forget_events() == 2
    kept = set(StripeEvent.objects.values_list("pk", flat=True))
    assert kept.isdisjoint({"evt_old_processed", "evt_old_ignored"})
    assert kept >= {"evt_old_failed", "evt_old_parked", "evt_old_received", "evt_new_processed"}


def test_mails_that_are_over_go_and_one_that_is_still_to_be_sent_stays(
    db: None, settings: Settings
) -> None:
    settings.MAIL_KEEP_DAYS = 400
    over = {"sent_at": long_ago(401), "failed_at": long_ago(401), "unwanted_at": long_ago(401)}
    for name, at in over.items():
        mail(name, days=401, **{name: at})
    mail("waiting", days=401)
    mail("young", days=399, sent_at=long_ago(399))
    assert clearing.forget_mails() == 3
    assert {each.key for each in OutgoingMail.objects.all()} >= {"waiting", "young"}


def mail(name: str, *, days: int, **given: Any) -> None:
    OutgoingMail.objects.create(
        kind="welcome", key=name, to="eleni@unit.example", created_at=long_ago(days),
        next_attempt_at=timezone.now(), **given,
    )  # fmt: skip


def signup(name: str, *, days: int, **given: Any) -> None:
    Signup.objects.create(
        organization=name, subdomain=name, requested_subdomain=name, email=f"{name}@unit.example",
        plan="starter", interval="month", created_at=long_ago(days),
        **{"released_at": long_ago(days), **given},
    )  # fmt: skip


def test_sign_ups_that_nobody_paid_go_and_all_others_stay(db: None, settings: Settings) -> None:
    settings.SIGNUP_KEEP_DAYS = 180
    signup("unpaid", days=181)
    signup("young", days=179)
    signup("held", days=181, released_at=None)
    signup("paid", days=181, paid_at=long_ago(181))
    signup("under-way", days=181, pending_at=long_ago(181))
    assert billing_clearing.forget_signups() == 1
    assert {each.subdomain for each in Signup.objects.all()} >= {
        "young", "held", "paid", "under-way",
    }  # fmt: skip


def session(key: str, user: User, *, days: int, kept: bool = True) -> None:
    if kept:
        Session.objects.create(
            session_key=key, session_data="", expire_date=timezone.now() + timedelta(days=days)
        )
    UserSession.objects.create(session_key=key, user=user, ip="127.0.0.1", last_seen_at=long_ago(1))


def test_sessions_that_have_run_out_go_in_public_and_in_every_workspace(tenant: Tenant) -> None:
    for schema in (in_public(), inside(tenant.schema_name)):
        with schema:
            user = User.objects.create(email="kate@unit.example")
            session("over", user, days=-1)
            session("ended", user, days=1, kept=False)
            session("on", user, days=1)
    with in_public():
        tasks.clear_sessions(timestamp=0)
    for schema in (in_public(), inside(tenant.schema_name)):
        with schema:
            assert [each.session_key for each in Session.objects.all()] == [digest_of("on")]
            assert [each.session_key for each in UserSession.objects.all()] == [digest_of("on")]
            assert sessions.forget_ended() == 0


def test_a_night_deletes_so_many_by_batches_and_leaves_the_rest_to_the_next(db: None) -> None:
    for number in range(25):
        mail(f"old-{number}", days=500, sent_at=long_ago(500))
    old = OutgoingMail.objects.filter(key__startswith="old-")
    assert clearing.delete(old, batch=10, most=20) == 20
    assert old.count() == 5
    assert clearing.delete(old, batch=10, most=20) == 5
