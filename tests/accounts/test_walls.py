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
from tests.core.web_stack import (
    PASSWORD,
    HttpClient,
    WebStack,
    Workspace,
    create_workspace,
    person_of,
)

RESET = "/_allauth/app/v1/auth/password/reset"
HEADERS = [
    ("Authorization", "Bearer {}"),
    ("authorization", "bearer {}"),
    ("X-Session-Token", "{}"),
]


def me(http_client: HttpClient, workspace: Workspace, **headers: str) -> requests.Response:
    """Ask a workspace who we are."""
    return http_client.ask("GET", "/api/me/", host=workspace.host, headers=headers)


def signed_in_cookies(http_client: HttpClient, workspace: Workspace) -> dict[str, str]:
    """Sign the owner in by the page, as a browser does, and return its cookies."""
    page = http_client.ask("GET", "/accounts/login/", host=workspace.host)
    csrf = page.cookies["csrf"]
    answer = http_client.ask(
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


def test_the_two_owners_have_the_same_id(web_stack: WebStack) -> None:
    assert person_of(web_stack.acme).pk == person_of(web_stack.birch).pk


@pytest.mark.parametrize(("name", "form"), HEADERS)
def test_a_token_opens_its_own_tenant_only(
    web_stack: WebStack, http_client: HttpClient, name: str, form: str
) -> None:
    token = {name: form.format(http_client.token(web_stack.acme))}
    assert me(http_client, web_stack.acme, **token).json()["email"] == web_stack.acme.owner
    refused = me(http_client, web_stack.birch, **token)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    chosen = {"X-Tenant-Host": web_stack.birch.host, **token}
    assert http_client.ask("GET", "/api/me/", headers=chosen).status_code == 401
    assert http_client.ask("GET", "/api/me/", headers=token).status_code == 404
    assert http_client.ask("GET", "/admin/", headers=token).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "null", "../../etc", "é", "x" * 5000, "a b"])
def test_a_token_that_nobody_was_given_is_refused(
    web_stack: WebStack, http_client: HttpClient, token: str
) -> None:
    sent = token.encode().decode("latin-1")
    for headers in ({"X-Session-Token": sent}, {"Authorization": f"Bearer {sent}"}):
        assert me(http_client, web_stack.acme, **headers).status_code == 401


def test_a_token_dies_with_its_sign_out(web_stack: WebStack, http_client: HttpClient) -> None:
    token = {"X-Session-Token": http_client.token(web_stack.acme)}
    http_client.ask(
        "DELETE", "/_allauth/app/v1/auth/session", host=web_stack.acme.host, headers=token
    )
    assert me(http_client, web_stack.acme, **token).status_code == 401


def test_a_cookie_opens_its_own_tenant_only(web_stack: WebStack, http_client: HttpClient) -> None:
    cookies = cookie_header(signed_in_cookies(http_client, web_stack.acme))
    home = http_client.ask("GET", "/", host=web_stack.acme.host, headers=cookies)
    assert home.status_code == 200
    assert web_stack.acme.tenant.name in home.text
    elsewhere = http_client.ask("GET", "/", host=web_stack.birch.host, headers=cookies)
    assert elsewhere.status_code == 302
    assert elsewhere.headers["Location"].startswith("/accounts/login/")
    assert http_client.ask("GET", "/admin/", headers=cookies).status_code == 302


def test_a_cookie_is_no_key_to_the_api(web_stack: WebStack, http_client: HttpClient) -> None:
    """The API takes tokens only: no page elsewhere can make a browser act there."""
    cookies = cookie_header(signed_in_cookies(http_client, web_stack.acme))
    assert me(http_client, web_stack.acme, **cookies).status_code == 401


def test_a_password_opens_its_own_tenant_only(web_stack: WebStack, http_client: HttpClient) -> None:
    other = create_workspace(password="another-courtyard-43")
    assert http_client.sign_in(other, "another-courtyard-43").status_code == 200
    assert http_client.sign_in(other, PASSWORD).status_code == 400
    body = {"email": other.owner, "password": "another-courtyard-43"}
    for host in (web_stack.acme.host, web_stack.birch.host):
        answer = http_client.ask("POST", "/_allauth/app/v1/auth/login", host=host, json=body)
        assert answer.status_code == 400


def test_a_key_sets_the_password_in_its_own_tenant_only(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    """Both owners have id 1 and no password yet: only the schema tells their keys apart."""
    here, there = create_workspace(password=None), create_workspace(password=None)
    with inside(here.tenant.schema_name):
        owner = User.objects.get(email=here.owner)
        key = password_links.new_key(owner)
        row = (owner.pk, owner.password, owner.email, owner.last_login)
    with inside(there.tenant.schema_name):  # a twin in all that Django's own token is made of
        User.objects.filter(pk=row[0]).update(password=row[1], email=row[2], last_login=row[3])
        assert password_links.user_of(key) is None
    stolen = {"key": key, "password": "stolen-courtyard-1"}
    assert http_client.ask("POST", RESET, host=there.host, json=stolen).status_code in {
        400,
        401,
        403,
    }
    page = http_client.ask("GET", f"/accounts/set-password/{key}/", host=there.host)
    assert page.status_code == 410
    assert http_client.ask("POST", RESET, json=stolen).status_code == 404
    assert http_client.ask("GET", f"/accounts/set-password/{key}/").status_code == 404
    assert not person_of(Workspace(there.tenant, there.host, here.owner)).has_usable_password()
    assert (
        http_client.ask("GET", f"/accounts/set-password/{key}/", host=here.host).status_code == 200
    )


def test_the_staffs_admin_is_not_on_a_tenants_host(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    cookies = cookie_header(signed_in_cookies(http_client, web_stack.acme))
    for path in ("/admin/", "/admin/login/", "/admin/tenants/tenant/"):
        for headers in ({}, cookies):
            answer = http_client.ask("GET", path, host=web_stack.acme.host, headers=headers)
            assert answer.status_code == 404


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_the_database_makes_nobody_of_a_tenant_our_staff(web_stack: WebStack, power: str) -> None:
    with (
        inside(web_stack.acme.tenant.schema_name),
        pytest.raises(IntegrityError, match="people_of_a_tenant_are_never_staff"),
        transaction.atomic(),
    ):
        User.objects.filter(email=web_stack.acme.owner).update(**{power: True})


def test_a_person_of_a_tenant_has_a_role_and_one_of_ours_has_none(web_stack: WebStack) -> None:
    email = f"{secrets.token_hex(4)}@example.org"
    with inside(web_stack.acme.tenant.schema_name):
        with pytest.raises((ValueError, DatabaseError)):
            User.objects.create_user(email)
        with pytest.raises(Exception, match="staff"):
            User.objects.create_superuser(email, PASSWORD, role="owner")
        assert not User.objects.filter(email=email).exists()
    with pytest.raises(ValueError, match="role"):
        User.objects.create_user(email, role="owner")


def test_an_address_names_one_person_whatever_its_case(web_stack: WebStack) -> None:
    with (
        inside(web_stack.acme.tenant.schema_name),
        pytest.raises(IntegrityError, match="one_user_per_email"),
        transaction.atomic(),
    ):
        User.objects.bulk_create([User(email=web_stack.acme.owner.upper(), role="manager")])


def test_sessions_lie_in_the_tenants_own_table(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    assert settings.SESSION_ENGINE == "public_apps.accounts.hashed_sessions"

    def count(schema: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT count(*) FROM "{schema}".django_session')  # noqa: S608 - our own name
            return int((cursor.fetchone() or [0])[0])

    before = (count("public"), count(web_stack.acme.tenant.schema_name))
    http_client.token(web_stack.acme)
    assert (count("public"), count(web_stack.acme.tenant.schema_name)) == (before[0], before[1] + 1)
