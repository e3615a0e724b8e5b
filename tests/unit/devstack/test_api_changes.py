"""A change of the API that clients would feel is noticed, and must be declared."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from devstack.api_changes import __main__ as command
from devstack.api_changes.documents import changes

Document = dict[str, Any]
HOUSE: Document = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string", "maxLength": 20},
        "kind": {"$ref": "#/components/schemas/Kind"},
        "inside": {"type": "array", "items": {"$ref": "#/components/schemas/House"}},
        "floor": {"type": ["integer", "null"]},
    },
    "required": ["id", "kind"],
}
SENT: Document = copy.deepcopy(HOUSE)
SENT["properties"]["inside"]["items"] = {"$ref": "#/components/schemas/HouseRequest"}
OLD: Document = {
    "paths": {
        "/houses/": {
            "get": {
                "operationId": "houses",
                "security": [{}],
                "parameters": [{"in": "query", "name": "kind", "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "headers": {"ETag": {"schema": {"type": "string"}}},
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/House"}}
                        },
                    }
                },
            },
            "post": {
                "operationId": "add",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/HouseRequest"}
                        }
                    }
                },
                "responses": {"201": {"description": "Done."}},
            },
        }
    },
    "components": {
        "schemas": {
            "House": HOUSE,
            "HouseRequest": SENT,
            "Kind": {"type": "string", "enum": ["stone", "wood"]},
        }
    },
}


def changed(change: Callable[[Document], object]) -> Document:
    """Return the document after a change."""
    new = copy.deepcopy(OLD)
    change(new)
    return new


def get(new: Document) -> Document:
    """Return the operation that reads."""
    found: Document = new["paths"]["/houses/"]["get"]
    return found


def answered(new: Document) -> Document:
    """Return the schema of what is answered."""
    found: Document = new["components"]["schemas"]["House"]
    return found


def sent(new: Document) -> Document:
    """Return the schema of what is sent."""
    found: Document = new["components"]["schemas"]["HouseRequest"]
    return found


BREAKING: dict[str, Callable[[Document], object]] = {
    "GET /houses/: is gone": lambda new: new["paths"]["/houses/"].pop("get"),
    "GET /houses/: is called all, was houses": lambda new: get(new).update(operationId="all"),
    "GET /houses/: takes a sign-in now": lambda new: get(new).update(security=[{"token": []}]),
    "GET /houses/ query kind: is gone": lambda new: get(new).update(parameters=[]),
    "GET /houses/ query kind: is required now": lambda new: get(new)["parameters"][0].update(
        required=True
    ),
    "GET /houses/ 200: is gone": lambda new: get(new)["responses"].pop("200"),
    "GET /houses/ 200 ETag: is gone": lambda new: get(new)["responses"]["200"].pop("headers"),
    "GET /houses/ 200.name: is gone": lambda new: answered(new)["properties"].pop("name"),
    "GET /houses/ 200.id: is no longer always there": lambda new: answered(new).update(
        required=["kind"]
    ),
    "GET /houses/ 200.id: type null is new": lambda new: answered(new)["properties"].update(
        id={"type": ["integer", "null"]}
    ),
    "GET /houses/ 200.inside[]: type null is new": lambda new: answered(new)["properties"][
        "inside"
    ].update(items={"oneOf": [{"$ref": "#/components/schemas/House"}, {"type": "null"}]}),
    'GET /houses/ 200.kind: value "clay" is new': lambda new: new["components"]["schemas"]["Kind"][
        "enum"
    ].append("clay"),
    "POST /houses/ sent.name: is gone": lambda new: sent(new)["properties"].pop("name"),
    "POST /houses/ sent.name: is required now": lambda new: sent(new)["required"].append("name"),
    "POST /houses/ sent.name: maxLength is 9, was 20": lambda new: sent(new)["properties"][
        "name"
    ].update(maxLength=9),
    "POST /houses/ sent.floor: type null is gone": lambda new: sent(new)["properties"].update(
        floor={"type": "integer"}
    ),
    'POST /houses/ sent.kind: value "wood" is gone': lambda new: new["components"]["schemas"][
        "Kind"
    ]["enum"].remove("wood"),
    "POST /houses/ sent: is required now": lambda new: new["paths"]["/houses/"]["post"][
        "requestBody"
    ].update(required=True),
}
HARMLESS: list[Callable[[Document], object]] = [
    lambda new: new["paths"].update({"/roads/": {"get": get(new)}}),
    lambda new: get(new).update(deprecated=True, summary="All of them"),
    lambda new: get(new)["parameters"].append(
        {"in": "query", "name": "id", "schema": {"type": "integer"}}
    ),
    lambda new: answered(new)["properties"].update(roof={"type": "string"}),
    lambda new: answered(new)["required"].append("name"),
    lambda new: answered(new)["properties"].update(floor={"type": "integer"}),
    lambda new: sent(new)["properties"].update(roof={"type": "string"}),
    lambda new: sent(new).update(required=["id"]),
    lambda new: sent(new)["properties"]["name"].update(maxLength=30),
]


@pytest.mark.parametrize("told", BREAKING)
def test_what_breaks_clients_is_told(told: str) -> None:
    assert told in {str(each) for each in changes(OLD, changed(BREAKING[told])) if each.breaks}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_only_adds_breaks_nobody(change: Callable[[Document], object]) -> None:
    found = changes(OLD, changed(change))
    assert found, "it is told all the same"
    assert [str(each) for each in found if each.breaks] == []


def test_the_same_document_has_no_changes() -> None:
    assert changes(OLD, copy.deepcopy(OLD)) == []


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder of documents whose newest has lost a field."""
    (tmp_path / "api-changes").mkdir()
    (tmp_path / "openapi/released").mkdir(parents=True)
    newest = changed(BREAKING["GET /houses/ 200.name: is gone"])
    for name in command.DOCUMENTS:
        (tmp_path / f"openapi/{name}.yaml").write_text(yaml.safe_dump(newest))
        (tmp_path / f"openapi/released/{name}.yaml").write_text(yaml.safe_dump(OLD))
    command.declarations(tmp_path).write_text(command.NOTHING)
    return tmp_path


def test_a_breaking_change_must_be_declared(docs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--check"], docs=docs) == 1
    assert "This breaks clients: tenant: GET /houses/ 200.name: is gone" in capsys.readouterr().out
    lines = [
        f"- `{name}: GET /houses/ 200.name: is gone`: nobody read it" for name in command.DOCUMENTS
    ]
    command.declarations(docs).write_text("\n".join(lines))
    assert command.main(["--check"], docs=docs) == 0


def test_a_declaration_of_what_is_not_so_is_told(
    docs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.declarations(docs).write_text("- `tenant: GET /roads/: is gone`: a mistake\n")
    assert command.main(["--check"], docs=docs) == 1
    assert "Declared, but no longer so: tenant: GET /roads/" in capsys.readouterr().out


def test_a_release_writes_its_changelog_and_is_what_is_compared_with_next(docs: Path) -> None:
    assert command.main(["--release", "2.0.0"], docs=docs) == 0
    assert "GET /houses/ 200.name: is gone" in (docs / "api-changes/2.0.0.md").read_text()
    assert command.main(["--check"], docs=docs) == 0
