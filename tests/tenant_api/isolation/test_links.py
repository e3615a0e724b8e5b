"""Links that B's people have by mail lead nowhere at A: like those that nobody ever had."""

from __future__ import annotations

import re
import secrets

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from django.utils import timezone

from public_apps.accounts import password_links
from public_apps.core.schema_context import inside
from tests.core.web_stack import person_of
from tests.tenant_api.isolation.two_tenants import TwoTenants, stranger, told
from tests.tenant_api.sample_workspace import SampleWorkspace

PASSWORD = "another-courtyard-43"
_HIDDEN = re.compile(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"')


def invitation_key(sample_workspace: SampleWorkspace) -> str:
    """Return the key of an invitation that both have a row of."""
    return sample_workspace.invitation_key(sample_workspace.fixtures["guest"])


def reset_key(sample_workspace: SampleWorkspace) -> str:
    """Return a key to set the owner's password."""
    owner = person_of(sample_workspace.workspace)
    with inside(sample_workspace.schema):
        return password_links.new_key(owner)


def email_key(sample_workspace: SampleWorkspace) -> str:
    """Return the key that confirms an address of the owner's."""
    owner = person_of(sample_workspace.workspace)
    with inside(sample_workspace.schema):
        address, _new = EmailAddress.objects.get_or_create(
            user=owner, email=f"new@{sample_workspace.mark}.example"
        )
        key = secrets.token_hex(32)
        EmailConfirmation.objects.create(email_address=address, key=key, sent=timezone.now())
        return key


Way = tuple[str, str, dict[str, str], dict[str, str] | None]
MAKERS = {"invitation": invitation_key, "reset": reset_key, "email": email_key}
_NAMES = {"first_name": "Maria", "last_name": "Sideri"}
_APP = "/_allauth/app/v1/auth"
# What the link is for → every way to spend it or to look at it: method, address, headers, body.
WAYS: dict[str, list[Way]] = {
    "invitation": [
        ("POST", "/api/invitations/preview/", {}, {"key": "·"}),
        ("POST", "/api/invitations/accept/", {}, {"key": "·", "password": PASSWORD, **_NAMES}),
        ("GET", "/accounts/invitation/·/", {}, None),
    ],
    "reset": [
        ("GET", f"{_APP}/password/reset", {"X-Password-Reset-Key": "·"}, None),
        ("POST", f"{_APP}/password/reset", {}, {"key": "·", "password": PASSWORD}),
        ("GET", "/accounts/set-password/·/", {}, None),
    ],
    "email": [
        ("GET", f"{_APP}/email/verify", {"X-Email-Verification-Key": "·"}, None),
        ("POST", f"{_APP}/email/verify", {}, {"key": "·"}),
        ("GET", "/accounts/confirm-email/·/", {}, None),
    ],
}


def _put(template: dict[str, str], key: str) -> dict[str, str]:
    return {name: value.replace("·", key) for name, value in template.items()}


@pytest.mark.parametrize("purpose", WAYS)
def test_a_neighbours_link_tells_and_does_nothing(two_tenants: TwoTenants, purpose: str) -> None:
    theirs = MAKERS[purpose](two_tenants.b)
    worthless = theirs[:-6] + secrets.token_hex(3)
    with two_tenants.untouched():
        for method, path, headers, body in WAYS[purpose]:
            said = []
            for key in (theirs, worthless):
                answer = stranger(two_tenants.http_client).ask(
                    method, path.replace("·", key), host=two_tenants.a.host, headers=_put(headers, key),
                    json=None if body is None else _put(body, key),
                )  # fmt: skip
                status, kind, text = told(answer, key)
                said.append((status, kind, _HIDDEN.sub("", text)))
            assert said[0] == said[1], path
            assert two_tenants.b.mark not in said[0][2].lower(), path
            assert said[0][0] >= 400 or method == "GET", path


@pytest.mark.parametrize("purpose", WAYS)
def test_at_home_the_same_link_works(two_tenants: TwoTenants, purpose: str) -> None:
    """Or the one above would have proven nothing."""
    key = MAKERS[purpose](two_tenants.b)
    method, path, headers, body = WAYS[purpose][0]
    answer = stranger(two_tenants.http_client).ask(
        method, path, host=two_tenants.b.host, headers=_put(headers, key),
        json=None if body is None else _put(body, key),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
