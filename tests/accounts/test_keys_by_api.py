"""What a mail's link holds, redeemed by API as the frontend does: no session, workspace by header."""

from __future__ import annotations

import secrets
from typing import Any

import requests
from allauth.account.models import EmailAddress, EmailConfirmation
from django.utils import timezone

from public_apps.accounts import password_links
from public_apps.accounts.invitations import actions, links
from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from tests.core.web_stack import (
    FRONTEND,
    HttpClient,
    WebStack,
    Workspace,
    create_workspace,
    person_of,
)

AUTH = "/_allauth/app/v1/auth"
NEW = "another-courtyard-43"


def ask(
    http_client: HttpClient, workspace: Workspace, method: str, path: str, **sent: Any
) -> requests.Response:
    """Ask the one API host for a workspace, as a browser on the frontend's origin."""
    headers = {"X-Tenant-Host": workspace.host, "Origin": FRONTEND, **sent.pop("headers", {})}
    return http_client.ask(method, path, headers=headers, **sent)


def new_address(workspace: Workspace) -> tuple[str, str]:
    """Let the owner ask for another address; return it with the key of the mail."""
    address, key = f"{secrets.token_hex(4)}@town.example", secrets.token_hex(32)
    owner = person_of(workspace)
    with inside(workspace.tenant.schema_name):
        asked = EmailAddress.objects.create(user=owner, email=address)
        EmailConfirmation.objects.create(email_address=asked, key=key, sent=timezone.now())
    return address, key


def test_a_key_for_a_password_is_looked_at_and_spent(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    with inside(workspace.tenant.schema_name):
        key = password_links.new_key(person_of(workspace))
    path = f"{AUTH}/password/reset"
    looked = ask(http_client, workspace, "GET", path, headers={"X-Password-Reset-Key": key})
    assert looked.status_code == 200
    assert looked.json()["data"]["user"]["email"] == workspace.owner
    spent = [
        ask(http_client, workspace, "POST", path, json={"key": key, "password": NEW}).status_code
        for _ in range(2)
    ]
    assert spent == [401, 400], "401: it is set, and nobody is signed in by it"
    assert http_client.sign_in(workspace, NEW).status_code == 200
    spent_key = {"X-Password-Reset-Key": key}
    assert ask(http_client, workspace, "GET", path, headers=spent_key).status_code == 400


def test_an_address_is_confirmed(web_stack: WebStack, http_client: HttpClient) -> None:
    workspace = create_workspace()
    address, key = new_address(workspace)
    path = f"{AUTH}/email/verify"
    looked = ask(http_client, workspace, "GET", path, headers={"X-Email-Verification-Key": key})
    assert looked.status_code == 200
    assert looked.json()["data"]["email"] == address
    done = ask(http_client, workspace, "POST", path, json={"key": key})
    assert done.status_code == 401, "it is confirmed, and nobody is signed in by it"
    with inside(workspace.tenant.schema_name):
        assert User.objects.get().email == address
    assert ask(http_client, workspace, "POST", path, json={"key": key}).status_code == 400


def test_an_address_that_somebody_else_took_meanwhile_is_refused(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    address, key = new_address(workspace)
    with inside(workspace.tenant.schema_name):
        User.objects.create_user(address, role="resident")
    refused = ask(http_client, workspace, "POST", f"{AUTH}/email/verify", json={"key": key})
    assert refused.status_code == 400, refused.text
    assert refused.json()["errors"][0]["code"] == "email_taken"
    assert person_of(workspace).email == workspace.owner


def test_an_invitation_is_looked_at_and_accepted(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    address = f"{secrets.token_hex(4)}@town.example"
    with inside(workspace.tenant.schema_name):
        invitation = actions.invite(by=person_of(workspace), email=address, role="resident")
        key = links.key_of(invitation)
    looked = ask(http_client, workspace, "POST", "/api/invitations/preview/", json={"key": key})
    assert looked.status_code == 200
    assert looked.json()["email"] == address
    body = {"key": key, "password": NEW, "first_name": "Maria", "last_name": "Sideri"}
    joined = ask(http_client, workspace, "POST", "/api/invitations/accept/", json=body)
    assert joined.status_code == 201, joined.text
    credentials = {"email": address, "password": NEW}
    signed_in = ask(http_client, workspace, "POST", f"{AUTH}/login", json=credentials)
    assert signed_in.status_code == 200
    assert (
        ask(http_client, workspace, "POST", "/api/invitations/accept/", json=body).status_code
        == 410
    )


def test_a_browser_may_send_the_headers_that_carry_keys(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    asked = http_client.ask(
        "OPTIONS",
        f"{AUTH}/password/reset",
        headers={
            "Origin": FRONTEND,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-password-reset-key,x-email-verification-key",
        },
    )
    allowed = asked.headers["Access-Control-Allow-Headers"]
    for header in ("x-password-reset-key", "x-email-verification-key", "x-tenant-host"):
        assert header in allowed
