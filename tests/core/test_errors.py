"""Under /api/ every error is a problem document (RFC 9457), Django's own ones included."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from django.db import connection
from django.utils import timezone

from public_apps.tenants.models import Tenant
from tests.core.web_stack import HttpClient, WebStack, another_web, create_workspace

CHECKOUT = "/api/billing/checkout/"


@pytest.fixture(params=["True", "False"], ids=["debugging", "serving"])
def either(
    web_stack: WebStack, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HttpClient]:
    """A web server with DJANGO_DEBUG on, and one with it off."""
    folder = tmp_path_factory.mktemp("either")
    with another_web(web_stack, folder, DJANGO_DEBUG=request.param) as http_client:
        yield http_client


def is_problem(answer: requests.Response, status: int) -> None:
    """Check that an answer is a whole problem document of this status."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert {"type", "title", "status", "detail"} <= document.keys()
    assert document["title"]
    assert "Traceback" not in answer.text


def test_every_kind_of_error_is_a_problem_document(web_stack: WebStack, either: HttpClient) -> None:
    _breaks_without_a_word_to_strangers(either)
    is_problem(either.ask("GET", "/api/no-such-call/"), 404)
    is_problem(either.ask("GET", "/api/billing/checkout/cs_test_nobody/"), 404)
    wrong_method = either.ask("DELETE", CHECKOUT)
    is_problem(wrong_method, 405)
    assert "POST" in wrong_method.headers["Allow"]
    is_problem(either.ask("PUT", "/api/billing/webhook/stripe/"), 405)
    is_problem(
        either.ask("POST", CHECKOUT, data="{", headers={"Content-Type": "application/json"}), 400
    )
    is_problem(
        either.ask("POST", CHECKOUT, data="a=b", headers={"Content-Type": "text/plain"}), 415
    )
    unsigned = either.ask("GET", "/api/me/", host=web_stack.acme.host)
    is_problem(unsigned, 401)
    assert unsigned.headers["WWW-Authenticate"] == "Bearer"


def _breaks_without_a_word_to_strangers(either: HttpClient) -> None:
    workspace = create_workspace()
    headers = {"X-Session-Token": either.token(workspace)}
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{workspace.tenant.schema_name}" CASCADE')
    try:
        answer = either.ask("GET", "/api/me/", host=workspace.host, headers=headers)
        is_problem(answer, 500)
        assert "accounts_user" not in answer.text
        assert answer.headers["X-Request-ID"]
    finally:
        Tenant.objects.filter(pk=workspace.tenant.pk).update(archived_at=timezone.now())


def test_fields_are_named_one_by_one(web_stack: WebStack, http_client: HttpClient) -> None:
    answer = http_client.ask("POST", CHECKOUT, json={"email": "nowhere", "subdomain": "WWW!"})
    is_problem(answer, 400)
    errors = answer.json()["errors"]
    assert {"organization", "first_name", "last_name", "email", "plan", "interval"} <= errors.keys()
    assert all(isinstance(each, list) and each for each in errors.values())


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "1", '{"organization": {}}'])
def test_a_body_of_another_shape_is_a_400(
    web_stack: WebStack, http_client: HttpClient, body: str
) -> None:
    answer = http_client.ask(
        "POST", CHECKOUT, data=body, headers={"Content-Type": "application/json"}
    )
    is_problem(answer, 400)


def test_a_client_that_asks_too_often_is_told_when_to_come_back(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for _ in range(125):
        answer = http_client.ask("GET", "/api/billing/subdomains/acme/")
        if answer.status_code != 200:
            break
    is_problem(answer, 429)
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    other = web_stack.http_client().ask("GET", "/api/billing/subdomains/acme/")
    assert other.status_code == 200, "nobody else is held up"
