"""A workspace writes to so many strangers a day, and what it calls itself is no message to them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import Client

from public_apps.accounts import outside_mails
from public_apps.accounts.models import Role
from public_apps.accounts.outside_mails import OfWorkspace
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from tests.unit.visitors import visitor

NUMBERS = itertools.count()


@pytest.fixture
def two_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota that is soon spent."""
    monkeypatch.setattr(OfWorkspace, "rate", "2/d", raising=False)


def invite(owner: Client, **more: str) -> Any:
    """Invite somebody new."""
    body = {"email": f"guest{next(NUMBERS)}@unit.example", "role": "staff", **more}
    return owner.post("/api/invitations/", body, "application/json")


def test_beyond_the_quota_nobody_is_invited_and_the_reason_is_told(
    tenant: Tenant, two_a_day: None
) -> None:
    owner = visitor(Role.OWNER)
    assert [invite(owner).status_code for _ in range(2)] == [201, 201]
    refused = invite(owner)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 86_000
    assert "as many invitations as it may" in refused.json()["detail"]
    with in_public():
        assert OutgoingMail.objects.filter(kind="invitation").count() == 2
    page = owner.post(
        "/members/invite/", {"email": "late@unit.example", "role": "staff", "language": "en"}
    )
    assert "as many invitations as it may" in page.content.decode()


def test_what_is_refused_is_no_mail(tenant: Tenant, two_a_day: None) -> None:
    owner = visitor(Role.OWNER)
    assert invite(owner, email="same@unit.example").status_code == 201
    for _ in range(3):
        assert invite(owner, email="same@unit.example").status_code == 409
        assert invite(owner, email="nobody").status_code == 400
    assert invite(owner).status_code == 201


def test_another_workspaces_quota_is_its_own(tenant: Tenant, two_a_day: None) -> None:
    for _ in range(2):
        outside_mails.count_one()
    with pytest.raises(outside_mails.QuotaSpent):
        outside_mails.count_one()
    with in_public():
        outside_mails.count_one()


def test_an_invitation_says_who_invites_and_nothing_else_of_theirs(tenant: Tenant) -> None:
    owner = visitor(Role.OWNER)
    trick = "Your bank account is closed, see https://evil.example/login or lose all of your money"
    with in_public():
        tenant.name = trick
        tenant.save(update_fields=["name"])
    assert invite(owner, first_name="www.evil.example").status_code == 201
    with in_public():
        promised = OutgoingMail.objects.get(kind="invitation")
        mail.send(mail_id=promised.pk)
    sent: Any = django_mail.outbox[-1]
    html = str(sent.alternatives[0][0])
    for text in (sent.subject, str(sent.body), html):
        assert "evil.example" not in text
        assert "lose all" not in text
    assert "Your bank account is closed" in sent.subject
    assert "/accounts/invitation/" in str(sent.body), "our own link is whole"
