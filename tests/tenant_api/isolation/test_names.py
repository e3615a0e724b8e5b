"""A's owner, who knows what B's things are called, finds nothing more of them than of what never was."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.tenant_api.estate import Lot
from tests.tenant_api.isolation.twins import Told, Twins, told
from tests.tenant_api.operations import Operation, bodies

NEVER = 2_147_483_000
# Their keys are not ids: test_links.py.
BY_KEY = {"invitations_accept", "invitations_preview"}


def foreign(twins: Twins) -> Lot:
    """Return the ids of B's second lot, as if they were in A's first."""
    lot = Lot(twins.a.lot.number, {**twins.b.lots[1].ids, "sample building": NEVER})
    assert all(row != twins.a.lot[name] for name, row in lot.ids.items())
    return lot


def nowhere(twins: Twins) -> Lot:
    """Return ids that no workspace has."""
    never = {
        name: NEVER if isinstance(row, int) else str(uuid.uuid4())
        for name, row in twins.a.lot.ids.items()
    }
    return Lot(twins.a.lot.number, never)


def about_rows(twins: Twins) -> list[Operation]:
    """Return the operations whose address names a row."""
    return [each for each in twins.operations if each.is_about_a_row]


def asked(
    twins: Twins, operation: Operation, path: str, content: dict[str, Any], **headers: str
) -> requests.Response:
    """Ask A as its own owner."""
    return twins.a.ask(operation.method, path, headers=headers, **content)


def test_a_neighbours_row_is_as_good_as_not_there(twins: Twins) -> None:
    theirs, never = foreign(twins), nowhere(twins)
    found = 0
    with twins.untouched():
        for operation in about_rows(twins):
            said = [
                told(asked(twins, operation, operation.path(lot), _own_words(twins, operation)))
                for lot in (theirs, never)
            ]
            assert said[0] == said[1], operation
            assert said[0][0] == 404, operation
            found += 1
    assert found > 40


def test_a_neighbours_file_is_not_at_ones_own_request(twins: Twins) -> None:
    request = twins.a.lot["requests"]
    files = (twins.b.lot["attachments"], twins.b.lot["files"], uuid.uuid4())
    said = {
        told(twins.a.ask("GET", f"/api/requests/{request}/attachments/{file}/")) for file in files
    }
    assert {status for status, _kind, _text in said} == {404}
    assert len(said) == 1


def test_a_neighbours_row_cant_be_named_in_a_body(twins: Twins) -> None:
    named = 0
    with twins.untouched():
        for operation, field, theirs, never in _references(twins):
            said = [_named(twins, operation, field, value) for value in (theirs, never)]
            assert said[0] == said[1], (operation, field)
            assert 400 <= said[0][0] < 500, (operation, field, said[0])
            assert twins.b.mark not in said[0][2]
            named += 1
    assert named > 15


def test_a_neighbours_row_narrows_a_list_like_one_that_never_was(twins: Twins) -> None:
    lot, asked_for = foreign(twins), 0
    for operation in (each for each in twins.operations if each.method == "GET"):
        for name in operation.numbers:
            theirs = lot.ids.get(f"{name}s", lot["members"])
            said = [
                told(twins.a.ask("GET", f"{operation.path(twins.a.lot)}?{name}={value}"))
                for value in (theirs, NEVER)
            ]
            assert said[0] == said[1], (operation, name)
            assert said[0][0] in {200, 400}, (operation, name)
            asked_for += 1
    assert asked_for > 15


def test_a_neighbours_cursor_pages_through_ones_own_rows(twins: Twins) -> None:
    turned = set()
    for operation in (each for each in twins.operations if each.method == "GET"):
        path = operation.path(twins.b.lots[0])
        page = _json(twins.b.ask("GET", f"{path}?page_size=1"))
        if not isinstance(page, dict) or not page.get("next"):
            continue
        query = page["next"].partition("?")[2]
        own = _json(twins.a.ask("GET", f"{operation.path(twins.a.lot)}?page_size=200"))["results"]
        answer = twins.a.ask("GET", f"{operation.path(twins.a.lot)}?{query}")
        assert answer.status_code == 200, (operation, answer.text)
        assert twins.b.mark not in answer.text.lower(), operation
        assert all(row in own for row in answer.json()["results"]), operation
        turned.add(operation.resource)
    assert len(turned) > 10


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_neighbours_version_is_not_ones_own(twins: Twins, header: str) -> None:
    """Row 1 of both has the same version: what was seen of the one is not what is in the other."""
    seen, wrong = set(), {}
    with twins.untouched():
        for operation in about_rows(twins):
            row = "/".join(operation.path(twins.b.lot).split("/")[:4]) + "/"
            etag = twins.b.ask("GET", row).headers.get("ETag")
            reads = operation.method == "GET" and operation.path(twins.a.lot) == row
            if not etag or not (
                reads if header == "If-None-Match" else header in operation.headers
            ):
                continue
            path, content = operation.path(twins.a.lot), _own_words(twins, operation)
            status = asked(twins, operation, path, content, **{header: etag}).status_code
            if status != (200 if reads else 412):
                wrong[operation.name] = status
            seen.add(operation.resource)
    assert wrong == {}
    assert len(seen) > 5


def _own_words(twins: Twins, operation: Operation) -> dict[str, Any]:
    return operation.content(twins.a, twins.a.lot)


def _references(twins: Twins) -> Iterator[tuple[Operation, str, Any, Any]]:
    """Yield each field of a body that names a row: with one of B's, and one that never was."""
    theirs = _bodies_with(twins, foreign(twins))
    never = _bodies_with(twins, nowhere(twins))
    for operation in twins.operations:
        if operation.name in BY_KEY or operation.name not in theirs:
            continue
        own = _own_words(twins, operation)["json"]
        for field, value in theirs[operation.name].items():
            if value != own[field] and not field.endswith("_at"):
                yield operation, field, value, never[operation.name][field]


def _bodies_with(twins: Twins, lot: Lot) -> dict[str, dict[str, Any]]:
    keys = {name: twins.a.lot[name] for name in ("guest", "invitations")}
    return bodies(twins.a, Lot(lot.number, {**lot.ids, **keys}))


def _named(twins: Twins, operation: Operation, field: str, value: Any) -> Told:
    body = {**_own_words(twins, operation)["json"], field: value}
    answer = asked(twins, operation, operation.path(twins.a.lot), {"json": body})
    values = value if isinstance(value, list) else [value]
    return told(answer, *(f'\\"{each}\\"' if isinstance(each, int) else each for each in values))


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except json.JSONDecodeError:
        return None
