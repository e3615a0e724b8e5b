"""Walls between tenants: user 1 lives in each of them, and no key of one opens another."""

from __future__ import annotations

import secrets

import pytest
import requests
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from public_apps.accounts import password_links
from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from tests.core.ground import PASSWORD, Door, Ground, Workspace, found_workspace, person_of

RESET = "/_allauth/app/v1/auth/password/reset"
HEADERS = [
    ("Authorization", "Bearer {}"),
    ("authorization", "bearer {}"),
    ("X-Session-Token", "{}"),
]


def me(door: Door, workspace: Workspace, **headers: str) -> requests.Response:
    """Ask a workspace who we are."""
    return door.ask("GET", "/api/me/", host=workspace.host, headers=headers)


def signed_in_cookies(door: Door, workspace: Workspace) -> dict[str, str]:
    """Sign the owner in by the page, as a browser does, and return its cookies."""
    page = door.ask("GET", "/accounts/login/", host=workspace.host)
    csrf = page.cookies["csrf"]
    answer = door.ask(
        "POST",
        "/accounts/login/",
        host=workspace.host,
        data={"login": workspace.owner, "password": PASSWORD, "csrfmiddlewaretoken": csrf},
        headers={"Cookie": f"csrf={csrf}"},
    )
    assert answer.status_code == 302, answer.text
    return {"session": answer.cookies["session"], "csrf": answer.cookies["csrf"]}


def cookie_header(cookies: dict[str, str]) -> dict[str, str]:
    """Return the cookies as a header, whatever host they were made for."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def test_the_two_owners_have_the_same_id(ground: Ground) -> None:
    assert person_of(ground.acme).pk == person_of(ground.birch).pk


@pytest.mark.parametrize(("name", "form"), HEADERS)
def test_a_token_opens_its_own_tenant_only(
    ground: Ground, door: Door, name: str, form: str
) -> None:
    token = {name: form.format(door.token(ground.acme))}
    assert me(door, ground.acme, **token).json()["email"] == ground.acme.owner
    refused = me(door, ground.birch, **token)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    chosen = {"X-Tenant-Host": ground.birch.host, **token}
    assert door.ask("GET", "/api/me/", headers=chosen).status_code == 401
    assert door.ask("GET", "/api/me/", headers=token).status_code == 404
    assert door.ask("GET", "/admin/", headers=token).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "null", "../../etc", "é", "x" * 5000, "a b"])
def test_a_token_that_nobody_was_given_is_refused(ground: Ground, door: Door, token: str) -> None:
    sent = token.encode().decode("latin-1")
    for headers in ({"X-Session-Token": sent}, {"Authorization": f"Bearer {sent}"}):
        assert me(door, ground.acme, **headers).status_code == 401


def test_a_token_dies_with_its_sign_out(ground: Ground, door: Door) -> None:
    token = {"X-Session-Token": door.token(ground.acme)}
    door.ask("DELETE", "/_allauth/app/v1/auth/session", host=ground.acme.host, headers=token)
    assert me(door, ground.acme, **token).status_code == 401


def test_a_cookie_opens_its_own_tenant_only(ground: Ground, door: Door) -> None:
    cookies = cookie_header(signed_in_cookies(door, ground.acme))
    home = door.ask("GET", "/", host=ground.acme.host, headers=cookies)
    assert home.status_code == 200
    assert ground.acme.tenant.name in home.text
    elsewhere = door.ask("GET", "/", host=ground.birch.host, headers=cookies)
    assert elsewhere.status_code == 302
    assert elsewhere.headers["Location"].startswith("/accounts/login/")
    assert door.ask("GET", "/admin/", headers=cookies).status_code == 302


def test_a_cookie_is_no_key_to_the_api(ground: Ground, door: Door) -> None:
    """The API takes tokens only: no page elsewhere can make a browser act there."""
    cookies = cookie_header(signed_in_cookies(door, ground.acme))
    assert me(door, ground.acme, **cookies).status_code == 401


def test_a_password_opens_its_own_tenant_only(ground: Ground, door: Door) -> None:
    other = found_workspace(password="another-courtyard-43")
    assert door.sign_in(other, "another-courtyard-43").status_code == 200
    assert door.sign_in(other, PASSWORD).status_code == 400
    body = {"email": other.owner, "password": "another-courtyard-43"}
    for host in (ground.acme.host, ground.birch.host):
        answer = door.ask("POST", "/_allauth/app/v1/auth/login", host=host, json=body)
        assert answer.status_code == 400


def test_a_key_sets_the_password_in_its_own_tenant_only(ground: Ground, door: Door) -> None:
    """Both owners have id 1 and no password yet: only the schema tells their keys apart."""
    here, there = found_workspace(password=None), found_workspace(password=None)
    with inside(here.tenant.schema_name):
        owner = User.objects.get(email=here.owner)
        key = password_links.new_key(owner)
        row = (owner.pk, owner.password, owner.email, owner.last_login)
    with inside(there.tenant.schema_name):  # a twin in all that Django's own token is made of
        User.objects.filter(pk=row[0]).update(password=row[1], email=row[2], last_login=row[3])
        assert password_links.user_of(key) is None
    stolen = {"key": key, "password": "stolen-courtyard-1"}
    assert door.ask("POST", RESET, host=there.host, json=stolen).status_code in {400, 401, 403}
    page = door.ask("GET", f"/accounts/set-password/{key}/", host=there.host)
    assert page.status_code == 410
    assert door.ask("POST", RESET, json=stolen).status_code == 404
    assert door.ask("GET", f"/accounts/set-password/{key}/").status_code == 404
    assert not person_of(Workspace(there.tenant, there.host, here.owner)).has_usable_password()
    assert door.ask("GET", f"/accounts/set-password/{key}/", host=here.host).status_code == 200


def test_the_staffs_admin_is_not_on_a_tenants_host(ground: Ground, door: Door) -> None:
    cookies = cookie_header(signed_in_cookies(door, ground.acme))
    for path in ("/admin/", "/admin/login/", "/admin/tenants/tenant/"):
        for headers in ({}, cookies):
            answer = door.ask("GET", path, host=ground.acme.host, headers=headers)
            assert answer.status_code == 404


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_the_database_makes_nobody_of_a_tenant_our_staff(ground: Ground, power: str) -> None:
    with (
        inside(ground.acme.tenant.schema_name),
        pytest.raises(IntegrityError, match="people_of_a_tenant_are_never_staff"),
        transaction.atomic(),
    ):
        User.objects.filter(email=ground.acme.owner).update(**{power: True})


def test_a_person_of_a_tenant_has_a_role_and_one_of_ours_has_none(ground: Ground) -> None:
    email = f"{secrets.token_hex(4)}@example.org"
    with inside(ground.acme.tenant.schema_name):
        with pytest.raises((ValueError, DatabaseError)):
            User.objects.create_user(email)
        with pytest.raises(Exception, match="staff"):
            User.objects.create_superuser(email, PASSWORD, role="owner")
        assert not User.objects.filter(email=email).exists()
    with pytest.raises(ValueError, match="role"):
        User.objects.create_user(email, role="owner")


def test_an_address_names_one_person_whatever_its_case(ground: Ground) -> None:
    with (
        inside(ground.acme.tenant.schema_name),
        pytest.raises(IntegrityError, match="one_user_per_email"),
        transaction.atomic(),
    ):
        User.objects.bulk_create([User(email=ground.acme.owner.upper(), role="manager")])


def test_sessions_lie_in_the_tenants_own_table(ground: Ground, door: Door) -> None:
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"

    def count(schema: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{schema}".django_session')  # noqa: S608 - our own name
            return int((cursor.fetchone() or [0])[0])

    before = (count("public"), count(ground.acme.tenant.schema_name))
    door.token(ground.acme)
    assert (count("public"), count(ground.acme.tenant.schema_name)) == (before[0], before[1] + 1)
