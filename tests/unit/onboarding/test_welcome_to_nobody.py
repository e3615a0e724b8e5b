"""A welcome mail that finds no owner is a failure that staff hear of, and no mail that nobody wants."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from public_apps.accounts.models import Role, User
from public_apps.core import clock, mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public
from public_apps.onboarding import welcome
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant
from staff.alerts import checks

GREEK = "παράδειγμα.gr"


def promised_to(tenant: Tenant, email: str) -> OutgoingMail:
    """Return the welcome mail that a buyer of this workspace is promised."""
    with in_public():
        now = clock.now()
        bought = Signup.objects.create(
            organization="Court", subdomain="welcome-court", requested_subdomain="welcome-court",
            email=email, first_name="Eleni", last_name="P", plan="start", interval="month",
            tenant=tenant, paid_at=now, workspace_at=now, owner_at=now, ready_at=now,
        )  # fmt: skip
        return welcome.enqueue(signup=bought)


def test_nobody_found_is_not_nothing_to_do(tenant: Tenant) -> None:
    User.objects.create_user("somebody-else@unit.example", role=Role.OWNER)
    promised = promised_to(tenant, "eleni@unit.example")
    with in_public():
        for _attempt in range(checks.VAIN_ATTEMPTS):
            OutgoingMail.objects.filter(pk=promised.pk).update(
                next_attempt_at=clock.now() - timedelta(seconds=1)
            )
            mail.send(mail_id=promised.pk)
        promised.refresh_from_db()
        assert (promised.sent_at, promised.unwanted_at) == (None, None)
        assert "DoesNotExist" in promised.error
        told = checks.mail_failing(clock.now())
    assert told
    assert f"welcome, mail {promised.pk}" in " ".join(told[""])


def test_an_owner_is_found_however_the_buyer_spelled_the_address(tenant: Tenant) -> None:
    User.objects.create_user(f"Kate@{GREEK}", role=Role.OWNER)
    promised = promised_to(tenant, "\u212aate@" + unicodedata.normalize("NFD", GREEK))
    with in_public():
        mail.send(mail_id=promised.pk)
        promised.refresh_from_db()
    assert promised.sent_at is not None, promised.error
