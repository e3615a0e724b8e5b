"""What an OpenAPI document says once for all of its operations; it is drf-spectacular's last hook."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from public_apps.core.errors import PROBLEM_JSON
from public_apps.core.problems import kind_of

Document = dict[str, Any]
EXAMPLE_SITE = "https://example.com"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
METHODS = ("get", "post", "put", "patch", "delete")
HEADERS: dict[str, Document] = {
    "X-Request-ID": {
        "description": "Names this request in our logs; yours if you have sent a good one.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "The version of what is answered, for If-Match and If-None-Match.",
        "required": True,
        "schema": {"type": "string", "examples": ['"6f1ed002ab5595859014ebf0951522d9"']},
    },
    "Location": {
        "description": "Where the new thing is, at the host that was asked.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "After how many seconds to ask again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit": {
        "description": "How many more requests may come now, by limit (the IETF's draft).",
        "schema": {"type": "string", "examples": ['"person";r=1199;t=60']},
    },
    "RateLimit-Policy": {
        "description": "How many requests may come within how many seconds, by limit.",
        "schema": {"type": "string", "examples": ['"person";q=1200;w=60']},
    },
    "WWW-Authenticate": {
        "description": "How to prove who you are.",
        "schema": {"type": "string", "examples": ["Bearer"]},
    },
    "Idempotent-Replayed": {
        "description": "There when this answer was given before, under the same Idempotency-Key.",
        "schema": {"type": "string", "const": "true"},
    },
}
_WITH_HEADERS = {
    HTTPStatus.UNAUTHORIZED: ["WWW-Authenticate"],
    HTTPStatus.TOO_MANY_REQUESTS: ["Retry-After", "RateLimit", "RateLimit-Policy"],
    HTTPStatus.SERVICE_UNAVAILABLE: ["Retry-After"],
}
# Names of our own: the phrases in Python's table change with its versions.
REFUSALS = {
    HTTPStatus.BAD_REQUEST: "BadRequest",
    HTTPStatus.UNAUTHORIZED: "Unauthenticated",
    HTTPStatus.PAYMENT_REQUIRED: "PaymentRequired",
    HTTPStatus.FORBIDDEN: "Forbidden",
    HTTPStatus.NOT_FOUND: "NotFound",
    HTTPStatus.NOT_ACCEPTABLE: "NotAcceptable",
    HTTPStatus.CONFLICT: "Conflict",
    HTTPStatus.GONE: "Gone",
    HTTPStatus.PRECONDITION_FAILED: "ChangedMeanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "TooLarge",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "UnsupportedMediaType",
    HTTPStatus.UNPROCESSABLE_ENTITY: "KeyReused",
    HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests",
    HTTPStatus.BAD_GATEWAY: "ProviderUnavailable",
    HTTPStatus.SERVICE_UNAVAILABLE: "Closed",
}
_DESCRIPTIONS = {
    200: "Done.",
    201: "Created.",
    202: "Taken; it is being worked on.",
    204: "Done; there is nothing to say.",
    304: "You have the newest.",
}


def complete(result: Document, generator: Any, request: Any, public: bool) -> Document:
    """Add what all operations share, and say it once: headers, refusals, tags."""
    components = result.setdefault("components", {})
    components["headers"] = HEADERS
    components["responses"] = {REFUSALS[status]: _refusal(status) for status in REFUSALS}
    for operation in operations(result):
        for code, response in operation["responses"].items():
            operation["responses"][code] = _shared(int(code), response)
    components["schemas"] = _tidy(components.get("schemas", {}))
    for kind in ("responses", "headers"):
        names = _used(result, kind)
        components[kind] = {
            name: components[kind][name] for name in components[kind] if name in names
        }
    used = {tag for operation in operations(result) for tag in operation.get("tags", [])}
    result["tags"] = [tag for tag in result.get("tags", []) if tag["name"] in used]
    return result


def operations(document: Document) -> Iterator[Document]:
    """Yield each operation of a document."""
    for path in document["paths"].values():
        yield from (path[method] for method in METHODS if method in path)


def _shared(status: int, response: Document) -> Document:
    if status >= HTTPStatus.BAD_REQUEST:
        return _as_shared(HTTPStatus(status), response)
    described = response.get("description") or _DESCRIPTIONS[status]
    if described == "No response body":
        described = _DESCRIPTIONS[status]
    return {**response, "description": described}


def _as_shared(status: HTTPStatus, response: Document) -> Document:
    """Return a reference to what all say of a refusal; or it with more, where a body says more."""
    reference = f"#/components/responses/{REFUSALS[status]}"
    schema = response.get("content", {}).get(PROBLEM_JSON, {}).get("schema", PROBLEM)
    if schema == PROBLEM:
        return {"$ref": reference}
    shared = _refusal(status)
    return {**shared, "content": {PROBLEM_JSON: {"schema": schema}}}


def _refusal(status: HTTPStatus) -> Document:
    kind = kind_of(status)
    example: Document = {
        "type": f"{EXAMPLE_SITE}/problems/{kind.slug}",
        "code": kind.slug,
        "title": str(kind.title),
        "status": int(status),
        "detail": str(kind.meaning),
    }
    if status == HTTPStatus.BAD_REQUEST:
        example |= {
            "errors": {"email": ["This field is required."]},
            "codes": {"email": ["required"]},
        }
    return {
        "description": f"{kind.title}.",
        "headers": {
            name: {"$ref": f"#/components/headers/{name}"}
            for name in ["X-Request-ID", *_WITH_HEADERS.get(status, [])]
        },
        "content": {
            PROBLEM_JSON: {
                "schema": PROBLEM,
                "examples": {kind.slug: {"value": example}},
            }
        },
    }


def _tidy(schema: Any) -> Any:
    """Return a schema as 3.1 says it best.

    Without `readOnly` and `writeOnly`, for what is sent and what is answered have schemas of their
    own; and without an `allOf` around a single reference, which may have neighbours by now.
    """
    if isinstance(schema, list):
        return [_tidy(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        name: _tidy(inner)
        for name, inner in schema.items()
        if name not in {"readOnly", "writeOnly"} or not isinstance(inner, bool)
    }
    match tidy.get("allOf"):
        case [{"$ref": reference}]:
            del tidy["allOf"]
            return {"$ref": reference, **tidy}
    return tidy


def _used(document: Document, kind: str) -> set[str]:
    """Return the names of shared parts that something refers to."""
    start = f"#/components/{kind}/"
    return {
        reference.removeprefix(start)
        for reference in references(document)
        if reference.startswith(start)
    }


def references(value: Any) -> Iterator[str]:
    """Yield each `$ref` in a document."""
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
