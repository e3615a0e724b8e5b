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
from tests.core.ground import Door, Ground, found_workspace
from tests.tenant_api.town import Person, Town

KEYS = "/api/keys/"


@pytest.fixture
def town(own_town: Town) -> Town:
    """Each of these tests changes who may do what, or counts what there is."""
    return own_town


def made(person: Person, role: str, **more: Any) -> dict[str, Any]:
    """Make a key and return it as it is shown once."""
    answer: dict[str, Any] = person.post(KEYS, {"name": "meter reader", "role": role, **more})
    return answer


def by_key(town: Town, key: str, method: str, path: str, **kwargs: Any) -> requests.Response:
    """Send a request as a machine does."""
    headers = {"Authorization": f"Bearer {key}", **kwargs.pop("headers", {})}
    host = kwargs.pop("host", town.workspace.host)
    return town.door.ask(method, path, host=host, headers=headers, **kwargs)


def test_a_key_is_shown_once_and_kept_as_a_digest(town: Town) -> None:
    shown = made(town.manager, "staff")
    assert shown["key"].startswith(f"{shown['prefix']}_")
    listed = town.manager.get(KEYS)["results"]
    assert [row["id"] for row in listed] == [shown["id"]]
    assert shown["key"] not in str(listed)
    with inside(town.schema):
        assert shown["key"].rpartition("_")[2] not in str(ApiKey.objects.values().get())


def test_repeating_the_request_shows_the_same_key_and_no_table_holds_it(town: Town) -> None:
    sent = {"Idempotency-Key": secrets.token_hex(8)}
    body = {"name": "meter", "role": "staff"}
    first, again = (town.manager.post(KEYS, body, headers=sent) for _ in range(2))
    assert first == again
    with in_public():
        kept = IdempotentRequest.objects.get(key=sent["Idempotency-Key"])
    assert first["key"] not in str(kept.body)


def test_a_machine_acts_in_the_role_of_its_key(town: Town) -> None:
    key = made(town.owner, "resident")["key"]
    me = by_key(town, key, "GET", "/api/me/").json()
    assert (me["email"], me["role"]) == (town.owner.user.email, "resident")
    assert by_key(town, key, "GET", "/api/invitations/").status_code == 403
    assert len(by_key(town, key, "GET", "/api/members/").json()["results"]) == 1
    above = made(town.owner, "manager")["key"]
    assert by_key(town, above, "GET", "/api/invitations/").status_code == 200


def test_nobody_makes_a_key_above_themselves_and_it_sinks_with_them(town: Town) -> None:
    refused = town.manager.ask("POST", KEYS, json={"name": "x", "role": "owner"})
    assert refused.status_code == 403
    key = made(town.manager, "manager")["key"]
    with inside(town.schema):
        User.objects.filter(pk=town.manager.user.pk).update(role=Role.RESIDENT)
    assert by_key(town, key, "GET", "/api/me/").json()["role"] == "resident"
    assert by_key(town, key, "GET", "/api/invitations/").status_code == 403


@pytest.fixture
def owners_key(ground: Ground) -> str:
    """A key of Acme's owner in the highest role, made once: many tests only try it on doors."""
    with inside(ground.acme.tenant.schema_name):
        owner = User.objects.get(email=ground.acme.owner)
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
    ground: Ground, door: Door, owners_key: str, method: str, path: str
) -> None:
    body: dict[str, str] | None = {} if method != "GET" else None
    for headers in ({"Authorization": f"Bearer {owners_key}"}, {"X-Session-Token": owners_key}):
        answer = door.ask(method, path, host=ground.acme.host, json=body, headers=headers)
        assert answer.status_code in {302, 401, 403, 409, 410}, answer.text


def test_a_revoked_or_expired_key_opens_nothing(town: Town) -> None:
    shown = made(town.staff, "staff")
    town.staff.post(f"{KEYS}{shown['id']}/revoke/", status=200)
    assert by_key(town, shown["key"], "GET", "/api/me/").status_code == 401
    soon = (timezone.now() + timedelta(hours=1)).isoformat()
    short = made(town.staff, "staff", expires_at=soon)
    assert by_key(town, short["key"], "GET", "/api/me/").status_code == 200
    with inside(town.schema):
        ApiKey.objects.filter(pk=short["id"]).update(expires_at=timezone.now())
    assert by_key(town, short["key"], "GET", "/api/me/").status_code == 401
    past = {"name": "x", "role": "staff", "expires_at": timezone.now().isoformat()}
    assert town.staff.ask("POST", KEYS, json=past).status_code == 400


def test_a_key_opens_its_own_workspace_only(town: Town) -> None:
    key = made(town.owner, "owner")["key"]
    other = Town(town.door, found_workspace())
    assert by_key(town, key, "GET", "/api/me/", host=other.workspace.host).status_code == 401
    chosen = {"X-Tenant-Host": other.workspace.host}
    assert by_key(town, key, "GET", "/api/me/", host="localhost", headers=chosen).status_code == 401
    assert by_key(town, key, "GET", "/api/me/", host="localhost").status_code == 404


@pytest.mark.parametrize(
    "wrong", ["nc_", "nc_x", "nc_00000000_x", "NC_x", "nc_é", "nc_" + "x" * 5000]
)
def test_a_made_up_key_is_refused_with_a_challenge(ground: Ground, door: Door, wrong: str) -> None:
    headers = {"Authorization": f"Bearer {wrong}".encode().decode("latin-1")}
    answer = door.ask("GET", "/api/members/", host=ground.acme.host, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_its_use_is_noted_at_most_once_a_minute(town: Town) -> None:
    shown = made(town.staff, "staff")

    def last_used() -> Any:
        with inside(town.schema):
            return ApiKey.objects.get(pk=shown["id"]).last_used_at

    assert last_used() is None
    by_key(town, shown["key"], "GET", "/api/me/")
    first = last_used()
    assert first is not None
    by_key(town, shown["key"], "GET", "/api/me/")
    assert last_used() == first
    with inside(town.schema):
        ApiKey.objects.update(last_used_at=first - timedelta(minutes=1))
    by_key(town, shown["key"], "GET", "/api/me/")
    assert last_used() > first


def test_people_see_their_own_keys_and_owners_everybodys(town: Town) -> None:
    mine, theirs = made(town.staff, "staff"), made(town.manager, "manager")
    assert {row["id"] for row in town.owner.get(KEYS)["results"]} == {mine["id"], theirs["id"]}
    assert [row["id"] for row in town.staff.get(KEYS)["results"]] == [mine["id"]]
    assert town.staff.ask("POST", f"{KEYS}{theirs['id']}/revoke/").status_code == 404
    town.owner.post(f"{KEYS}{theirs['id']}/revoke/", status=200)
    assert town.manager.get(f"{KEYS}?state=active")["results"] == []
