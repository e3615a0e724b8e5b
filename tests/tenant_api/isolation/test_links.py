"""Links that B's people have by mail lead nowhere at A: like those that nobody ever had."""

from __future__ import annotations

import re
import secrets

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from django.utils import timezone

from public_apps.accounts import password_links
from public_apps.core.schema_context import inside
from tests.core.ground import person_of
from tests.tenant_api.estate import Estate
from tests.tenant_api.isolation.twins import Twins, stranger, told

PASSWORD = "another-courtyard-43"
_HIDDEN = re.compile(r'(csrfmiddlewaretoken" value|nonce)="[^"]*"')


def invitation_key(estate: Estate) -> str:
    """Return the key of an invitation that both have a row of."""
    return estate.invitation_key(estate.lot["guest"])


def reset_key(estate: Estate) -> str:
    """Return a key to set the owner's password."""
    owner = person_of(estate.workspace)
    with inside(estate.schema):
        return password_links.new_key(owner)


def email_key(estate: Estate) -> str:
    """Return the key that confirms an address of the owner's."""
    owner = person_of(estate.workspace)
    with inside(estate.schema):
        address, _new = EmailAddress.objects.get_or_create(
            user=owner, email=f"new@{estate.mark}.example"
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
def test_a_neighbours_link_tells_and_does_nothing(twins: Twins, purpose: str) -> None:
    theirs = MAKERS[purpose](twins.b)
    worthless = theirs[:-6] + secrets.token_hex(3)
    with twins.untouched():
        for method, path, headers, body in WAYS[purpose]:
            said = []
            for key in (theirs, worthless):
                answer = stranger(twins.door).ask(
                    method, path.replace("·", key), host=twins.a.host, headers=_put(headers, key),
                    json=None if body is None else _put(body, key),
                )  # fmt: skip
                status, kind, text = told(answer, key)
                said.append((status, kind, _HIDDEN.sub("", text)))
            assert said[0] == said[1], path
            assert twins.b.mark not in said[0][2].lower(), path
            assert said[0][0] >= 400 or method == "GET", path


@pytest.mark.parametrize("purpose", WAYS)
def test_at_home_the_same_link_works(twins: Twins, purpose: str) -> None:
    """Or the one above would have proven nothing."""
    key = MAKERS[purpose](twins.b)
    method, path, headers, body = WAYS[purpose][0]
    answer = stranger(twins.door).ask(
        method, path, host=twins.b.host, headers=_put(headers, key),
        json=None if body is None else _put(body, key),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
