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
TOO_OFTEN = "SignInTooOften"


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
    components["responses"][TOO_OFTEN] = _too_often(components["responses"]["TooManyRequests"])
    for path in said["paths"].values():
        for operation in path.values():
            operation["tags"] = [TAG]
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


def _too_often(refusal: Document) -> Document:
    """Return what everybody who asks too often gets: here its `errors` may be a list, as allauth's."""
    content = {PROBLEM_JSON: {"schema": {"type": "object"}}, "application/json": {"schema": {}}}
    return {**refusal, "content": content}
