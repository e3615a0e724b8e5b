"""API keys: shown once, never above their person, revocable, and far from what only people may do."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from public_apps.accounts.api_keys import actions
from public_apps.accounts.models import ApiKey, Role, User
from public_apps.core.models import IdempotentRequest
from public_apps.core.schema_context import in_public, inside
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

KEYS = "/api/keys/"


@pytest.fixture
def populated(own_populated: PopulatedWorkspace) -> PopulatedWorkspace:
    """Each of these tests changes who may do what, or counts what there is."""
    return own_populated


def made(person: Person, role: str, **more: Any) -> dict[str, Any]:
    """Make a key and return it as it is shown once."""
    answer: dict[str, Any] = person.post(KEYS, {"name": "meter reader", "role": role, **more})
    return answer


def by_key(
    populated: PopulatedWorkspace, key: str, method: str, path: str, **kwargs: Any
) -> requests.Response:
    """Send a request as a machine does."""
    headers = {"Authorization": f"Bearer {key}", **kwargs.pop("headers", {})}
    host = kwargs.pop("host", populated.workspace.host)
    return populated.http_client.ask(method, path, host=host, headers=headers, **kwargs)


def test_a_key_is_shown_once_and_kept_as_a_digest(populated: PopulatedWorkspace) -> None:
    shown = made(populated.manager, "staff")
    assert shown["key"].startswith(f"{shown['prefix']}_")
    listed = populated.manager.get(KEYS)["results"]
    assert [row["id"] for row in listed] == [shown["id"]]
    assert shown["key"] not in str(listed)
    with inside(populated.schema):
        assert shown["key"].rpartition("_")[2] not in str(ApiKey.objects.values().get())


def test_repeating_the_request_shows_the_same_key_and_no_table_holds_it(
    populated: PopulatedWorkspace,
) -> None:
    sent = {"Idempotency-Key": secrets.token_hex(8)}
    body = {"name": "meter", "role": "staff"}
    first, again = (populated.manager.post(KEYS, body, headers=sent) for _ in range(2))
    assert first == again
    with in_public():
        kept = IdempotentRequest.objects.get(key=sent["Idempotency-Key"])
    assert first["key"] not in str(kept.body)


def test_a_machine_acts_in_the_role_of_its_key(populated: PopulatedWorkspace) -> None:
    key = made(populated.owner, "resident")["key"]
    me = by_key(populated, key, "GET", "/api/me/").json()
    assert (me["email"], me["role"]) == (populated.owner.user.email, "resident")
    assert by_key(populated, key, "GET", "/api/invitations/").status_code == 403
    assert len(by_key(populated, key, "GET", "/api/members/").json()["results"]) == 1
    above = made(populated.owner, "manager")["key"]
    assert by_key(populated, above, "GET", "/api/invitations/").status_code == 200


def test_nobody_makes_a_key_above_themselves_and_it_sinks_with_them(
    populated: PopulatedWorkspace,
) -> None:
    refused = populated.manager.ask("POST", KEYS, json={"name": "x", "role": "owner"})
    assert refused.status_code == 403
    key = made(populated.manager, "manager")["key"]
    with inside(populated.schema):
        User.objects.filter(pk=populated.manager.user.pk).update(role=Role.RESIDENT)
    assert by_key(populated, key, "GET", "/api/me/").json()["role"] == "resident"
    assert by_key(populated, key, "GET", "/api/invitations/").status_code == 403


@pytest.fixture
def owners_key(web_stack: WebStack) -> str:
    """A key of Acme's owner in the highest role, made once: many tests only try it on doors."""
    with inside(web_stack.acme.tenant.schema_name):
        owner = User.objects.get(email=web_stack.acme.owner)
        return actions.make(user=owner, name="doors", role=Role.OWNER)[1]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/keys/"), ("POST", "/api/keys/"), ("PATCH", "/api/members/1/"),
        ("POST", "/api/members/1/deactivate/"), ("POST", "/api/members/1/transfer-ownership/"),
        ("POST", "/api/invitations/"), ("PATCH", "/api/me/"),
        ("GET", "/api/subscription/"), ("POST", "/api/subscription/cancel/"),
        ("GET", "/api/invoices/"), ("POST", "/_allauth/app/v1/account/password/change"),
        ("POST", "/_allauth/app/v1/account/email"), ("GET", "/_allauth/app/v1/auth/sessions"),
        ("GET", "/_allauth/app/v1/account/authenticators"),
        ("GET", "/_allauth/app/v1/account/authenticators/totp"),
        ("POST", "/_allauth/app/v1/auth/reauthenticate"), ("GET", "/billing/"), ("GET", "/"),
    ],
)  # fmt: skip
def test_even_an_owners_key_never_reaches_what_takes_a_person(
    web_stack: WebStack, http_client: HttpClient, owners_key: str, method: str, path: str
) -> None:
    body: dict[str, str] | None = {} if method != "GET" else None
    for headers in ({"Authorization": f"Bearer {owners_key}"}, {"X-Session-Token": owners_key}):
        answer = http_client.ask(method, path, host=web_stack.acme.host, json=body, headers=headers)
        assert answer.status_code in {302, 401, 403, 409, 410}, answer.text


def test_a_revoked_or_expired_key_opens_nothing(populated: PopulatedWorkspace) -> None:
    shown = made(populated.staff, "staff")
    populated.staff.post(f"{KEYS}{shown['id']}/revoke/", status=200)
    assert by_key(populated, shown["key"], "GET", "/api/me/").status_code == 401
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    short = made(populated.staff, "staff", expires_at=soon)
    assert by_key(populated, short["key"], "GET", "/api/me/").status_code == 200
    with inside(populated.schema):
        ApiKey.objects.filter(pk=short["id"]).update(expires_at=timezone.now())
    assert by_key(populated, short["key"], "GET", "/api/me/").status_code == 401
    past = {"name": "x", "role": "staff", "expires_at": timezone.now().isoformat()}
    assert populated.staff.ask("POST", KEYS, json=past).status_code == 400


def test_a_key_opens_its_own_workspace_only(populated: PopulatedWorkspace) -> None:
    key = made(populated.owner, "owner")["key"]
    other = PopulatedWorkspace(populated.http_client, create_workspace())
    assert by_key(populated, key, "GET", "/api/me/", host=other.workspace.host).status_code == 401
    chosen = {"X-Tenant-Host": other.workspace.host}
    assert (
        by_key(populated, key, "GET", "/api/me/", host="localhost", headers=chosen).status_code
        == 401
    )
    assert by_key(populated, key, "GET", "/api/me/", host="localhost").status_code == 404


@pytest.mark.parametrize(
    "wrong", ["nc_", "nc_x", "nc_00000000_x", "NC_x", "nc_é", "nc_" + "x" * 5000]
)
def test_a_made_up_key_is_refused_with_a_challenge(
    web_stack: WebStack, http_client: HttpClient, wrong: str
) -> None:
    headers = {"Authorization": f"Bearer {wrong}".encode().decode("latin-1")}
    answer = http_client.ask("GET", "/api/members/", host=web_stack.acme.host, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_its_use_is_noted_at_most_once_a_minute(populated: PopulatedWorkspace) -> None:
    shown = made(populated.staff, "staff")

    def last_used() -> Any:
        with inside(populated.schema):
            return ApiKey.objects.get(pk=shown["id"]).last_used_at

    assert last_used() is None
    by_key(populated, shown["key"], "GET", "/api/me/")
    first = last_used()
    assert first is not None
    by_key(populated, shown["key"], "GET", "/api/me/")
    assert last_used() == first
    with inside(populated.schema):
        ApiKey.objects.update(last_used_at=first - timedelta(minutes=1))
    by_key(populated, shown["key"], "GET", "/api/me/")
    assert last_used() > first


def test_people_see_their_own_keys_and_owners_everybodys(populated: PopulatedWorkspace) -> None:
    mine, theirs = made(populated.staff, "staff"), made(populated.manager, "manager")
    assert {row["id"] for row in populated.owner.get(KEYS)["results"]} == {mine["id"], theirs["id"]}
    assert [row["id"] for row in populated.staff.get(KEYS)["results"]] == [mine["id"]]
    assert populated.staff.ask("POST", f"{KEYS}{theirs['id']}/revoke/").status_code == 404
    populated.owner.post(f"{KEYS}{theirs['id']}/revoke/", status=200)
    assert populated.manager.get(f"{KEYS}?state=active")["results"] == []
