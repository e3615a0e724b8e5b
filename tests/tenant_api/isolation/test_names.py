"""A's owner, who knows what B's things are called, finds nothing more of them than of what never was."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.tenant_api.isolation.two_tenants import Told, TwoTenants, told
from tests.tenant_api.operations import Operation, bodies
from tests.tenant_api.sample_workspace import FixtureSet

NEVER = 2_147_483_000
# Their keys are not ids: test_links.py.
BY_KEY = {"invitations_accept", "invitations_preview"}


def foreign(two_tenants: TwoTenants) -> FixtureSet:
    """Return the ids of B's second lot, as if they were in A's first."""
    fixtures = FixtureSet(
        two_tenants.a.fixtures.number,
        {**two_tenants.b.all_fixtures[1].ids, "sample building": NEVER},
    )
    assert all(row != two_tenants.a.fixtures[name] for name, row in fixtures.ids.items())
    return fixtures


def nowhere(two_tenants: TwoTenants) -> FixtureSet:
    """Return ids that no workspace has."""
    never = {
        name: NEVER if isinstance(row, int) else str(uuid.uuid4())
        for name, row in two_tenants.a.fixtures.ids.items()
    }
    return FixtureSet(two_tenants.a.fixtures.number, never)


def about_rows(two_tenants: TwoTenants) -> list[Operation]:
    """Return the operations whose address names a row."""
    return [each for each in two_tenants.operations if each.is_about_a_row]


def asked(
    two_tenants: TwoTenants,
    operation: Operation,
    path: str,
    content: dict[str, Any],
    **headers: str,
) -> requests.Response:
    """Ask A as its own owner."""
    return two_tenants.a.ask(operation.method, path, headers=headers, **content)


def test_a_neighbours_row_is_as_good_as_not_there(two_tenants: TwoTenants) -> None:
    theirs, never = foreign(two_tenants), nowhere(two_tenants)
    found = 0
    with two_tenants.untouched():
        for operation in about_rows(two_tenants):
            said = [
                told(
                    asked(
                        two_tenants,
                        operation,
                        operation.path(fixtures),
                        _own_words(two_tenants, operation),
                    )
                )
                for fixtures in (theirs, never)
            ]
            assert said[0] == said[1], operation
            assert said[0][0] == 404, operation
            found += 1
    assert found > 40


def test_a_neighbours_file_is_not_at_ones_own_request(two_tenants: TwoTenants) -> None:
    request = two_tenants.a.fixtures["requests"]
    files = (
        two_tenants.b.fixtures["attachments"],
        two_tenants.b.fixtures["files"],
        uuid.uuid4(),
    )
    said = {
        told(two_tenants.a.ask("GET", f"/api/requests/{request}/attachments/{file}/"))
        for file in files
    }
    assert {status for status, _kind, _text in said} == {404}
    assert len(said) == 1


def test_a_neighbours_row_cant_be_named_in_a_body(two_tenants: TwoTenants) -> None:
    named = 0
    with two_tenants.untouched():
        for operation, field, theirs, never in _references(two_tenants):
            said = [_named(two_tenants, operation, field, value) for value in (theirs, never)]
            assert said[0] == said[1], (operation, field)
            assert 400 <= said[0][0] < 500, (operation, field, said[0])
            assert two_tenants.b.mark not in said[0][2]
            named += 1
    assert named > 15


def test_a_neighbours_row_narrows_a_list_like_one_that_never_was(two_tenants: TwoTenants) -> None:
    fixtures, asked_for = foreign(two_tenants), 0
    for operation in (each for each in two_tenants.operations if each.method == "GET"):
        for name in operation.numbers:
            theirs = fixtures.ids.get(f"{name}s", fixtures["members"])
            said = [
                told(
                    two_tenants.a.ask(
                        "GET", f"{operation.path(two_tenants.a.fixtures)}?{name}={value}"
                    )
                )
                for value in (theirs, NEVER)
            ]
            assert said[0] == said[1], (operation, name)
            assert said[0][0] in {200, 400}, (operation, name)
            asked_for += 1
    assert asked_for > 15


def test_a_neighbours_cursor_pages_through_ones_own_rows(two_tenants: TwoTenants) -> None:
    turned = set()
    for operation in (each for each in two_tenants.operations if each.method == "GET"):
        path = operation.path(two_tenants.b.all_fixtures[0])
        page = _json(two_tenants.b.ask("GET", f"{path}?page_size=1"))
        if not isinstance(page, dict) or not page.get("next"):
            continue
        query = page["next"].partition("?")[2]
        own = _json(
            two_tenants.a.ask("GET", f"{operation.path(two_tenants.a.fixtures)}?page_size=200")
        )["results"]
        answer = two_tenants.a.ask("GET", f"{operation.path(two_tenants.a.fixtures)}?{query}")
        assert answer.status_code == 200, (operation, answer.text)
        assert two_tenants.b.mark not in answer.text.lower(), operation
        assert all(row in own for row in answer.json()["results"]), operation
        turned.add(operation.resource)
    assert len(turned) > 10


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_neighbours_version_is_not_ones_own(two_tenants: TwoTenants, header: str) -> None:
    """Row 1 of both has the same version: what was seen of the one is not what is in the other."""
    seen, wrong = set(), {}
    with two_tenants.untouched():
        for operation in about_rows(two_tenants):
            row = "/".join(operation.path(two_tenants.b.fixtures).split("/")[:4]) + "/"
            etag = two_tenants.b.ask("GET", row).headers.get("ETag")
            reads = operation.method == "GET" and operation.path(two_tenants.a.fixtures) == row
            if not etag or not (
                reads if header == "If-None-Match" else header in operation.headers
            ):
                continue
            path, content = (
                operation.path(two_tenants.a.fixtures),
                _own_words(two_tenants, operation),
            )
            status = asked(two_tenants, operation, path, content, **{header: etag}).status_code
            if status != (200 if reads else 412):
                wrong[operation.name] = status
            seen.add(operation.resource)
    assert wrong == {}
    assert len(seen) > 5


def _own_words(two_tenants: TwoTenants, operation: Operation) -> dict[str, Any]:
    return operation.content(two_tenants.a, two_tenants.a.fixtures)


def _references(two_tenants: TwoTenants) -> Iterator[tuple[Operation, str, Any, Any]]:
    """Yield each field of a body that names a row: with one of B's, and one that never was."""
    theirs = _bodies_with(two_tenants, foreign(two_tenants))
    never = _bodies_with(two_tenants, nowhere(two_tenants))
    for operation in two_tenants.operations:
        if operation.name in BY_KEY or operation.name not in theirs:
            continue
        own = _own_words(two_tenants, operation)["json"]
        for field, value in theirs[operation.name].items():
            if value != own[field] and not field.endswith("_at"):
                yield operation, field, value, never[operation.name][field]


def _bodies_with(two_tenants: TwoTenants, fixtures: FixtureSet) -> dict[str, dict[str, Any]]:
    keys = {name: two_tenants.a.fixtures[name] for name in ("guest", "invitations")}
    return bodies(two_tenants.a, FixtureSet(fixtures.number, {**fixtures.ids, **keys}))


def _named(two_tenants: TwoTenants, operation: Operation, field: str, value: Any) -> Told:
    body = {**_own_words(two_tenants, operation)["json"], field: value}
    answer = asked(two_tenants, operation, operation.path(two_tenants.a.fixtures), {"json": body})
    values = value if isinstance(value, list) else [value]
    return told(answer, *(f'\\"{each}\\"' if isinstance(each, int) else each for each in values))


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except json.JSONDecodeError:
        return None
