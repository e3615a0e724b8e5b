"""The sign-in API in the tenant's OpenAPI document; `sign_in.yaml` says what it takes and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from public_apps.core.errors import PROBLEM_JSON

Document = dict[str, Any]
SOURCE = Path(__file__).parent / "sign_in.yaml"
TAG = "sign-in"
# Refusals from before allauth is asked: problem documents with what its clients look for.
PROBLEM = {"schema": {"$ref": "#/components/schemas/SignInProblem"}}


def add(result: Document, generator: Any, request: Any, public: bool) -> Document:
    """Add the sign-in API to the document of a workspace's hosts; drf-spectacular calls it last."""
    if generator.urlconf != settings.TENANT_URLCONF:
        return result
    said = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    components = result["components"]
    if taken := components["schemas"].keys() & said["schemas"].keys():
        raise ValueError(f"{SOURCE.name} names schemas that are there already: {sorted(taken)}")
    components["schemas"] = dict(sorted({**components["schemas"], **said["schemas"]}.items()))
    components["requestBodies"] = said["requestBodies"]
    for name, (words, schema) in said["responses"].items():
        components["responses"][name] = _response(words, schema)
    components["responses"]["SignInRefused"]["content"][PROBLEM_JSON] = PROBLEM
    for name, shared in said["refusals"].items():
        components["responses"][name] = _refusal(components["responses"][shared])
    for operation in (each for path in said["paths"].values() for each in path.values()):
        operation["tags"] = [TAG]
        if "requestBody" in operation:
            operation["responses"]["413"] = {"$ref": "#/components/responses/SignInTooLarge"}
    result["paths"] = {**said["paths"], **result["paths"]}
    described = {"name": TAG, "description": _description()}
    result["tags"] = sorted([*result["tags"], described], key=lambda tag: str(tag["name"]))
    return result


def _description() -> str:
    return next(
        str(tag["description"])
        for tag in settings.SPECTACULAR_SETTINGS["TAGS"]
        if tag["name"] == TAG
    )


def _response(words: str, schema: str) -> Document:
    return {
        "description": words,
        "headers": {"X-Request-ID": {"$ref": "#/components/headers/X-Request-ID"}},
        "content": {
            "application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}},
        },
    }


def _refusal(shared: Document) -> Document:
    """Return a refusal that every API has, as it is told here: `errors` is a list."""
    return {**shared, "content": {PROBLEM_JSON: PROBLEM}}
