"""One address, with its last slash and without: no redirect for programs, no lost form for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from devstack import environment
from public_apps.accounts.models import Role
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, another_web
from tests.tenant_api.operations import operations
from tests.tenant_api.populated_workspace import PopulatedWorkspace

BY_HTTPS = {"X-Forwarded-Proto": "https"}
LOGIN = "/_allauth/app/v1/auth/login"


def routes(urlconf: str) -> Iterator[str]:
    """Yield every route that hosts of this kind serve."""

    def below(resolver: URLResolver, so_far: str) -> Iterator[str]:
        for each in resolver.url_patterns:
            route = so_far + str(each.pattern)
            if isinstance(each, URLPattern):
                yield route
            else:
                yield from below(each, route)

    yield from below(get_resolver(urlconf), "/")


@pytest.mark.parametrize("urlconf", [settings.PUBLIC_SCHEMA_URLCONF, settings.TENANT_URLCONF])
def test_what_serves_both_forms_knows_how_every_address_ends(urlconf: str) -> None:
    """It adds a slash under /api/ and takes it away under /_allauth/: no route may end otherwise."""
    found = list(routes(urlconf))
    ends = {
        prefix: {route.endswith("/") for route in found if route.startswith(prefix)}
        for prefix in ("/api/", "/_allauth/")
    }
    assert ends["/api/"] == {True}
    assert ends["/_allauth/"] <= {False}


@pytest.mark.parametrize("by_header", [False, True])
def test_every_address_that_the_documents_name_answers_without_its_slash(
    populated: PopulatedWorkspace, by_header: bool
) -> None:
    host = "localhost" if by_header else populated.workspace.host
    headers = {"X-Tenant-Host": populated.workspace.host} if by_header else {}
    headers["Authorization"] = f"Bearer {populated.manager.token}"
    for operation in operations(populated.http_client, populated.workspace.host):
        if operation.method != "GET" or operation.is_about_a_row:
            continue
        path = f"{operation.route.rstrip('/')}?page_size=3"
        bare, whole = (
            populated.http_client.ask("GET", each, host=host, headers=headers)
            for each in (path, path.replace("?", "/?"))
        )
        assert (bare.status_code, bare.content) == (whole.status_code, whole.content), path
        assert "Location" not in bare.headers


def test_a_page_of_a_list_leads_on_with_its_query(populated: PopulatedWorkspace) -> None:
    for _ in range(2):
        populated.manager.post(
            "/api/buildings", {"name": f"Elm {_}{populated.building.pk}", "address": "x"}
        )
    first = populated.manager.get("/api/buildings?page_size=1&ordering=-id")
    second = populated.manager.ask("GET", "/" + first["next"].split("/", 3)[3])
    assert second.status_code == 200
    assert second.json()["results"] != first["results"]


@pytest.mark.parametrize("debug", ["True", "False"])
def test_all_methods_do_at_both_forms_what_they_do(
    web_stack: WebStack, tmp_path: Path, debug: str
) -> None:
    with another_web(web_stack, tmp_path, DJANGO_DEBUG=debug) as web:
        populated = PopulatedWorkspace(web)
        for slash in ("", "/"):
            body = {
                "name": f"Elm {debug}{slash or '-'}{populated.building.pk}",
                "address": "Elaion 6",
            }
            path = "/api/buildings" + slash
            made = populated.manager.ask("POST", path, json=body)
            assert made.status_code == 201, "not a list with 200"
            row = f"{path.rstrip('/')}/{made.json()['id']}{slash}"
            changed = populated.manager.ask("PATCH", row, json={"notes": "x"})
            assert (changed.status_code, changed.json()["notes"]) == (200, "x")
            assert populated.manager.ask("HEAD", row).status_code == 200
            assert populated.manager.ask("DELETE", row).status_code == 204
        for host, headers in (
            (populated.workspace.host, {}),
            ("localhost", {"X-Tenant-Host": populated.workspace.host}),
        ):
            # With DEBUG off the password is hashed anew, which ends the other sessions: somebody's own.
            sign_in = {"email": populated.person(Role.MANAGER).user.email, "password": PASSWORD}
            for slash in ("", "/"):
                told = web.ask("POST", LOGIN + slash, host=host, json=sign_in, headers=headers)
                assert told.status_code == 200, told.text
                token = {"X-Session-Token": told.json()["meta"]["session_token"], **headers}
                session = f"/_allauth/app/v1/auth/session{slash}"
                assert web.ask("DELETE", session, host=host, headers=token).status_code == 401


def test_production_creates_what_is_posted_without_a_slash(
    web_stack: WebStack, populated: PopulatedWorkspace, tmp_path: Path
) -> None:
    given = {
        **environment.production_like(), "TENANT_BASE_DOMAIN": "localhost",
        "DJANGO_SECRET_KEY": web_stack.stack.env["DJANGO_SECRET_KEY"], "STRIPE_MOCK_MODE": "False",
        "STRIPE_API_BASE": "https://api.stripe.com",
    }  # fmt: skip
    person = {"Authorization": f"Bearer {populated.manager.token}"}
    with another_web(web_stack, tmp_path, **given) as web:
        for slash in ("", "/"):
            body = {"name": f"Elm live{slash}{populated.building.pk}", "address": "Elaion 7"}
            path, host = f"/api/buildings{slash}", populated.workspace.host
            made = web.ask("POST", path, host=host, json=body, headers={**BY_HTTPS, **person})
            assert made.status_code == 201, made.text
            plain = web.ask("POST", path, host=host, json=body, headers=person)
            assert plain.status_code == 308, "led to https as a POST, or it would be a list"
            assert plain.headers["Location"].endswith("/api/buildings/")


@pytest.mark.parametrize("debug", ["True", "False"])
def test_a_page_leads_on_and_its_form_stays_a_form(
    web_stack: WebStack, tmp_path: Path, debug: str
) -> None:
    with another_web(web_stack, tmp_path, DJANGO_DEBUG=debug) as web:
        host = web_stack.acme.host
        for method, status in (("GET", 301), ("HEAD", 301), ("POST", 308), ("PUT", 308)):
            led = web.ask(method, "/accounts/login?next=/billing/", host=host)
            assert led.status_code == status
            assert led.headers["Location"] == "/accounts/login/?next=/billing/"
        assert web.ask("POST", "//evil.example/accounts/login", host=host).status_code == 404
        assert web.ask("POST", "/accounts/nothing", host=host).status_code == 404


def test_what_is_nowhere_is_a_problem_at_both_forms(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    paths = ("/api", "/api/nothing", "/_allauth/app/v1/nothing")
    for path, slash, host in product(paths, ("", "/"), ("localhost", web_stack.acme.host)):
        told = http_client.ask("GET", path + slash, host=host)
        assert told.status_code == 404, path
        assert told.headers["Content-Type"] == "application/problem+json", path
        assert json.loads(told.content)["detail"]
