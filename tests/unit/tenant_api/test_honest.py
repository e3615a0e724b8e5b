"""The documents say what is so, in the words of OpenAPI 3.1: what generators of clients rely on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.conf import settings
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]  # drf-spectacular brings it, without types

from public_apps.core.problems import CATALOGUE

Document = dict[str, Any]
FOLDER = settings.BASE_DIR / "docs" / "openapi"
DOCUMENTS = {
    name: yaml.safe_load((FOLDER / f"{name}.yaml").read_text()) for name in ("public", "tenant")
}
# An answer may lack these: reasons by field where no field is named, and parts of sign-in.
MAY_LACK = {
    "Problem": {"errors", "codes"},
    "Conflict": {"errors", "codes", "status_url"},  # which only who has paid already is told
}
MONEY = ("amount", "balance", "credit", "total", "due_now", "allocated", "opening_balance")
METHODS = {"get", "post", "patch", "delete", "put"}


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> Document:
    """Each of the documents."""
    found: Document = DOCUMENTS[request.param]
    return found


def parts(value: Any) -> Iterator[Document]:
    """Yield every object in a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """Yield each operation with its address."""
    for path, methods in document["paths"].items():
        for method in methods.keys() & METHODS:
            yield f"{method.upper()} {path}", methods[method]


def of_rows(document: Document) -> Iterator[tuple[str, Document]]:
    """Yield each schema of what our own API answers, by name."""
    theirs = yaml.safe_load((settings.BASE_DIR / "public_apps/accounts/sign_in.yaml").read_text())[
        "schemas"
    ]
    for name, schema in document["components"]["schemas"].items():
        if not name.endswith("Request") and name not in theirs:
            yield name, schema


def validator(document: Document, schema: Any) -> Draft202012Validator:
    """Return a validator by JSON Schema 2020-12, as OpenAPI 3.1 has it."""
    whole = {**schema, "components": document["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def test_no_word_of_3_0_is_left(document: Document) -> None:
    assert document["openapi"].startswith("3.1")
    for part in parts(document):
        assert not isinstance(part.get("nullable"), bool), part
        assert not isinstance(part.get("exclusiveMinimum"), bool), part
        assert not isinstance(part.get("exclusiveMaximum"), bool), part


def test_every_schema_is_one_of_json_schema_2020_12(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_what_is_always_answered_is_required(document: Document) -> None:
    for name, schema in of_rows(document):
        if "properties" in schema:
            lacking = set(schema["properties"]) - set(schema.get("required", []))
            assert lacking == MAY_LACK.get(name, set()), name


def test_nothing_that_is_sent_is_required_for_its_default(document: Document) -> None:
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Request"):
            for field, described in schema["properties"].items():
                assert "default" not in described, f"{name}.{field}"


def test_a_change_requires_nothing() -> None:
    schemas = DOCUMENTS["tenant"]["components"]["schemas"]
    patched = {name: schema for name, schema in schemas.items() if name.startswith("Patched")}
    assert len(patched) > 5
    assert all("required" not in schema for schema in patched.values())


@pytest.mark.parametrize(
    ("where", "schema", "field"),
    [
        ("tenant", "Me", "role"), ("tenant", "Member", "role"), ("tenant", "Invitation", "role"),
        ("tenant", "Subscription", "status"), ("tenant", "Invoice", "status"),
        ("tenant", "Period", "status"), ("tenant", "ServiceRequest", "status"),
        ("tenant", "SubscribedPrice", "interval"), ("public", "Price", "interval"),
        ("public", "Step", "name"), ("public", "Progress", "status"), ("public", "Config", "mode"),
        ("public", "Problem", "code"), ("tenant", "Problem", "code"),
    ],
)  # fmt: skip
def test_words_of_a_list_are_enums(where: str, schema: str, field: str) -> None:
    schemas = DOCUMENTS[where]["components"]["schemas"]
    described = schemas[schema]["properties"][field]
    named = schemas[described["$ref"].rpartition("/")[2]] if "$ref" in described else described
    assert len(named["enum"]) > 1


def test_the_codes_of_problems_are_those_of_the_catalogue(document: Document) -> None:
    assert set(document["components"]["schemas"]["ProblemCode"]["enum"]) == set(CATALOGUE)


def test_every_amount_names_its_currency(document: Document) -> None:
    found = 0
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            is_whole = described.get("type") == "integer"
            if is_whole and (field.endswith(MONEY) or field.startswith("amount")):
                found += 1
                named = re.search(r"`(\w+_)?currency`", described.get("description", ""))
                assert named, f"{name}.{field}"
    assert found
    workspace = DOCUMENTS["tenant"]["components"]["schemas"]["Workspace"]
    assert "currency" in workspace["required"]


def test_every_operation_has_words_a_tag_and_a_way_in(document: Document) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    names = set()
    for address, operation in operations(document):
        assert operation["summary"], address
        assert operation["description"], address
        assert set(operation["tags"]) <= set(tags), address
        assert "security" in operation, address
        names.add(operation["operationId"])
    assert len(names) == len(list(operations(document)))
    assert document["servers"]


def test_what_is_new_says_where_it_is(document: Document) -> None:
    for address, operation in operations(document):
        if "201" in operation["responses"]:
            assert {"ETag", "Location"} <= set(operation["responses"]["201"]["headers"]), address


def test_every_example_is_valid(document: Document) -> None:
    shown = 0
    for part in parts(document):
        if "schema" in part and isinstance(part.get("examples"), dict):
            check = validator(document, part["schema"])
            for example in part["examples"].values():
                check.validate(example["value"])
                shown += 1
    assert shown > 10


def test_sign_in_stands_in_the_same_document() -> None:
    named = {operation["operationId"] for _address, operation in operations(DOCUMENTS["tenant"])}
    assert {
        "sign_in", "sign_out", "session_retrieve", "password_reset_request", "password_reset",
        "second_factor_authenticate", "second_factor_reauthenticate", "email_verify",
    } <= named  # fmt: skip
    assert not any(path.startswith("/_allauth/") for path in DOCUMENTS["public"]["paths"])
