"""The catalogue of problems: an address that explains each, codes, and Greek that people write."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from public_apps.core.problems import CATALOGUE
from tests.core.web_stack import HttpClient, WebStack
from tests.tenant_api.populated_workspace import PopulatedWorkspace

GREEK = {"Accept-Language": "el"}


def test_the_type_of_a_problem_is_a_page_that_explains_it(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    problem = http_client.ask("GET", "/api/billing/checkout/cs_nobody/").json()
    assert problem["type"] == f"{settings.SITE_URL}/problems/{problem['code']}"
    for path in (urlsplit(problem["type"]).path, f"{urlsplit(problem['type']).path}/"):
        page = http_client.ask("GET", path, headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert problem["title"] in page.text
        assert str(CATALOGUE[problem["code"]].remedy) in page.text


def test_every_kind_has_its_page_in_both_languages(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    index = http_client.ask("GET", "/problems/", headers=GREEK)
    for kind in CATALOGUE.values():
        assert f"/problems/{kind.slug}" in index.text
        english = http_client.ask("GET", f"/problems/{kind.slug}")
        greek = http_client.ask("GET", f"/problems/{kind.slug}", headers=GREEK)
        assert (english.status_code, greek.status_code) == (200, 200)
        assert re.search(r"<h1[^>]*>[^<]*[\u0370-\u03ff]", greek.text), kind.slug
    assert http_client.ask("GET", "/problems/nobody-knows").status_code == 404


def test_programs_read_the_catalogue(web_stack: WebStack, http_client: HttpClient) -> None:
    told = http_client.ask("GET", "/api/problems/").json()
    assert {each["code"] for each in told} == set(CATALOGUE)
    for asked in ("/problems/", "/problems/too-large"):
        answer = http_client.ask("GET", asked, headers={"Accept": "application/json"})
        assert answer.headers["Content-Type"] == "application/json"
        assert {"Accept", "Accept-Language"} <= set(re.split(r",\s*", answer.headers["Vary"]))
    assert answer.json()["type"].endswith("/problems/too-large")


def test_each_field_is_told_why_for_programs(populated: PopulatedWorkspace) -> None:
    body = {"email": "no", "first_name": "x" * 300, "role": "king"}
    told = populated.owner.post("/api/invitations/", body, status=400)
    assert told["codes"]["role"] == ["invalid_choice"]
    assert told["codes"]["first_name"] == ["max_length"]
    assert {name: len(each) for name, each in told["errors"].items()} == {
        name: len(each) for name, each in told["codes"].items()
    }
    assert populated.owner.post("/api/invitations/", {}, status=400)["codes"]["email"] == [
        "required"
    ]
    absent = {"building": 2_000_000_000, "number": "A1"}
    refused = populated.owner.post("/api/apartments/", absent, status=400)
    assert refused["codes"]["building"] == ["does_not_exist"]
    taken = {"name": "Only one", "address": "Akti 1"}
    populated.owner.post("/api/buildings/", taken)
    assert populated.owner.post("/api/buildings/", taken, status=409)["codes"]["name"] == ["unique"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "detail"),
    [
        (
            "GET",
            "/api/members/",
            {"headers": {"Authorization": "Bearer nothing"}},
            401,
            "συνδεθείτε",
        ),
        ("GET", "/api/members/99999999/", {}, 404, "Δεν"),
        ("PUT", "/api/members/1/", {"json": {}}, 405, "PUT"),
        ("GET", "/api/members/", {"headers": {"Accept": "text/csv"}}, 406, "Accept"),
        ("POST", "/api/invitations/", {"data": b"a=b"}, 415, "Content-Type"),
        ("GET", "/api/nothing/", {}, 404, "Δεν"),
    ],
)
def test_refusals_are_told_in_greek(
    populated: PopulatedWorkspace,
    method: str,
    path: str,
    sent: dict[str, object],
    status: int,
    detail: str,
) -> None:
    headers = {**GREEK, **sent.pop("headers", {})}  # type: ignore[dict-item]
    if "data" in sent:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer = populated.owner.ask(method, path, headers=headers, **sent)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert re.search(r"[\u0370-\u03ff]", told["title"]), told
    assert detail in told["detail"], told
    assert "throttle" not in answer.text


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        ({"building": "three"}, "building", "αριθμό"),
        ({"building": 2_000_000_000}, "building", "Δεν υπάρχει"),
        ({"number": "x" * 30}, "number", "20 χαρακτήρες"),
        ({"mills": "many"}, "mills", "ακέραιο"),
        ({"mills": 2_000}, "mills", "1000"),
        ({}, "building", "υποχρεωτικό"),
    ],
)
def test_messages_of_fields_are_told_in_greek(
    populated: PopulatedWorkspace, body: dict[str, object], field: str, text: str
) -> None:
    answer = populated.owner.ask("POST", "/api/apartments/", json=body, headers=GREEK)
    assert answer.status_code == 400
    assert text in answer.json()["errors"][field][0], answer.text


def test_an_unknown_workspace_is_told_in_the_language_asked_for(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    told = http_client.ask("GET", "/api/me/", host="nobody.localhost", headers=GREEK).json()
    assert told["code"] == "no-such-workspace"
    assert re.search(r"[\u0370-\u03ff]", told["title"])
