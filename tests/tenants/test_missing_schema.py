"""A tenant whose schema is gone must break, never work on the staff's own tables."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from django.db import ProgrammingError, connection
from django.test import Client
from django.utils import timezone

from devstack import mailbox
from public_apps.accounts.models import User
from public_apps.core import schema_context
from public_apps.core.models import OutgoingMail
from public_apps.tenants.models import Tenant
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, Workspace, create_workspace


@pytest.fixture
def hollow(web_stack: WebStack) -> Iterator[Workspace]:
    """An open workspace whose schema somebody has dropped by hand."""
    workspace = create_workspace()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.tenant.schema_name}" CASCADE')
    yield workspace
    Tenant.objects.filter(pk=workspace.tenant.pk).update(archived_at=timezone.now())


@pytest.fixture
def maria(web_stack: WebStack) -> Iterator[User]:
    """One of our own staff, in public."""
    maria = User.objects.create_superuser(f"{secrets.token_hex(4)}@newconcierge.example", PASSWORD)
    yield maria
    maria.is_active = False  # staff are never deleted
    maria.save()


def test_staff_cannot_sign_in_there_with_their_public_password(
    hollow: Workspace, maria: User, http_client: HttpClient
) -> None:
    body = {"email": maria.email, "password": PASSWORD}
    answer = http_client.ask("POST", "/_allauth/app/v1/auth/login", host=hollow.host, json=body)
    assert answer.status_code == 500
    assert "session_token" not in answer.text
    maria.refresh_from_db()
    assert maria.last_login is None


def test_a_reset_asked_for_there_sends_no_mail_to_staff(
    hollow: Workspace, maria: User, web_stack: WebStack, http_client: HttpClient
) -> None:
    answer = http_client.ask(
        "POST",
        "/_allauth/app/v1/auth/password/request",
        host=hollow.host,
        json={"email": maria.email},
    )
    assert answer.status_code == 500
    assert not OutgoingMail.objects.filter(to=maria.email).exists()
    assert mailbox.mails_to(maria.email, folder=web_stack.stack.mail_dir) == []


def test_after_an_exception_the_connection_is_back_in_public(hollow: Workspace) -> None:
    client = Client(headers={"host": hollow.host}, raise_request_exception=False)
    client.cookies["session"] = "x" * 32  # makes the session be looked up
    assert client.get("/").status_code == 500
    assert schema_context.is_public()
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert cursor.fetchone() == ("public",)
    assert Tenant.objects.filter(pk=hollow.tenant.pk).exists()


def test_work_inside_a_missing_schema_is_an_error_and_leaves_nothing_in_public(
    hollow: Workspace,
) -> None:
    before = User.objects.count()
    with (
        pytest.raises(ProgrammingError, match='relation "accounts_user" does not exist'),
        schema_context.inside(hollow.tenant.schema_name),
    ):
        User.objects.create_user("ghost@example.org", role="owner")
    assert schema_context.is_public()
    assert User.objects.count() == before
