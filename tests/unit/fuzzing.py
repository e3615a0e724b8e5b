"""Every operation and form that there is, from documents and URLconfs, and ugly things to say."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

PLACE = re.compile(r"{(\w+)}|<(?:\w+:)?(\w+)>")
NAME = re.compile(r'<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"')
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
UUID = "00000000-0000-4000-8000-000000000000"
WORDS = (
    "", " ", "a", "\0", "a\0b", "\ud800", "\udfff\ud800", "\U0010ffff", "\u202eabc", "\u200b",
    "x" * 5000,
    "Ελένη", "é" * 300, "'", '"; --', "%00", "%", "\\", "../../etc/passwd", "{{ 7 }}", "<b>", "\r\nA: b",
    "true", "null", "-1", "0", "1e400", "9" * 5000, "99999999999999999999", "NaN", "Infinity", "١٢",
    "0001-01-01", "9999-12-31", "2026-02-30", "0000-00-00", "10000-01-01", "2026-12-01T25:00:00Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-12-01T10:00:00.1234567+99:99",
    "a@b", "a@b.gr", "a\0@b.gr", "x" * 400 + "@b.gr", "a@" + "b" * 300 + ".gr", "[::1]", "http://[",
    "http://[a/", "cD0yMDI2", "cD0lMDA=", "bz0x", "//evil.example/", "javascript:alert(1)", "el",
    "EL-gr-x-y", UUID, "Zm9v:1:abc", "\ufeff", "\u2028", "1,2,3", "-", ",", "--1", "+30",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1.5, float("inf"), float("nan"),
    [], {}, [[]], [None], [{}], {"a": 1}, {"\0": "\ud800"}, ["\0"], [1, "a"], [[["\ud800"]]],
)  # fmt: skip
RAW = (
    b"", b"{", b"[" * 100_000, b'{"a":' * 5_000, b"null", b"[]", b"1", b'"\\ud800"', b"\xff\xfe",
    b"{}garbage", b'{"a": 1e999}', b'{"a": ' + b"9" * 5000 + b"}", b"\xef\xbb\xbf{}",
    b'{"a": "\\u0000"}', b"-", b"NaN", b"[" * 300 + b"]" * 300,
)  # fmt: skip
KINDS = (
    JSON, FORM, "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "",
    "a/b; charset=hex", f"{JSON}; charset=utf-16", f"{FORM}; charset=hex", f"{JSON}; charset=rot13",
    f"{JSON}; charset=\\", "application/json; charset=utf-7", "/", "application/*+json",
    f"{FORM}; charset=base64",
)  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One method at one address, with what it says that it takes."""

    host: str
    method: str
    route: str
    query: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict, hash=False)
    is_page: bool = False


@dataclass(frozen=True)
class Asked:
    """One request, as it was made up."""

    operation: Operation
    path: str
    query: str
    body: bytes
    kind: str
    headers: dict[str, str]

    def send(self, client: Client) -> Any:
        """Send it."""
        return client.generic(
            self.operation.method, self.path, self.body, self.kind, QUERY_STRING=self.query,
            headers={"host": self.operation.host, **self.headers},
        )  # fmt: skip

    def __str__(self) -> str:
        said = f"{self.operation.method} {self.operation.host} {self.path}?{self.query}"
        return f"{said} ({self.kind}) {self.body[:300]!r} {self.headers}"[:1000]


def of_document(client: Client, host: str) -> Iterator[Operation]:
    """Yield what the OpenAPI document served at a host describes."""
    document = client.get("/api/schema/?format=json", headers={"host": host}).json()
    for route, methods in document["paths"].items():
        for method, said in methods.items():
            if method == "parameters":
                continue
            query = [each["name"] for each in said.get("parameters", []) if each["in"] == "query"]
            yield Operation(
                host, method.upper(), route, tuple(query), _fields(document, said), is_page=False
            )


def _fields(document: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    content = said.get("requestBody", {}).get("content", {})
    first: dict[str, Any] = next(iter(content.values())) if content else {}
    schema = first.get("schema", {})
    return dict(_resolved(document, schema).get("properties", {}))


def _resolved(document: dict[str, Any], schema: Any) -> Any:
    """Return a schema with what it refers to in its place."""
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(document, document["components"]["schemas"][schema["$ref"].split("/")[-1]])
    found = {name: _resolved(document, inner) for name, inner in schema.items()}
    for part in ("allOf", "oneOf", "anyOf"):
        for each in schema.get(part, []):
            found = {**_resolved(document, each), **found}
    return found


def of_pages(client: Client, host: str, urlconf: str) -> Iterator[Operation]:
    """Yield reading and posting to every address of a URLconf that is no API's."""
    for route in dict.fromkeys(_below(get_resolver(urlconf), "/")):
        if route.startswith(("/api/", "/_allauth/")) or "?P" in route:
            continue
        page = client.get(PLACE.sub("1", route), headers={"host": host})
        streamed = getattr(page, "streaming", False)
        names = NAME.findall("" if streamed else page.content.decode(errors="replace"))
        fields = {name: {"type": "string"} for name in (*names, "next", "key")}
        yield Operation(
            host, "GET", route, ("next", "after", "page", "q", "language"), is_page=True
        )
        yield Operation(host, "POST", route, ("next",), fields, is_page=True)


def _below(resolver: URLResolver, before: str) -> Iterator[str]:
    for each in resolver.url_patterns:
        route = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _below(each, route)
        elif isinstance(each, URLPattern):
            yield route


class Fuzz:
    """Makes requests up, the same ones for the same seed."""

    def __init__(self, seed: object, ids: dict[str, list[int]]) -> None:
        self.chance = random.Random(str(seed))  # noqa: S311 - the same each time
        self.ids = ids

    def ask(self, operation: Operation) -> Asked:
        """Make up one request: mostly something that could be meant, with something ugly in it."""
        kind = FORM if operation.is_page else JSON
        if self.chance.random() < 0.1:
            kind = self.chance.choice(KINDS)
        return Asked(
            operation,
            PLACE.sub(lambda _place: self._part(operation), operation.route),
            self._query(operation),
            self._body(operation),
            kind,
            self._headers(),
        )

    def _part(self, operation: Operation) -> str:
        known = self.ids.get(
            operation.route.split("/")[2] if operation.route.count("/") > 2 else ""
        )
        if known and self.chance.random() < 0.7:
            return str(self.chance.choice(known))
        word = self.chance.choice(WORDS)[:200]
        return quote(word.encode("utf-8", "surrogatepass"), safe="")

    def _query(self, operation: Operation) -> str:
        if self.chance.random() < 0.5:
            return ""
        names = [
            *operation.query,
            self.chance.choice(WORDS)[:50],
            "page_size",
            "cursor",
            "ordering",
        ]
        pairs = [
            (self.chance.choice(names), self._word()) for _ in range(self.chance.randint(1, 3))
        ]
        return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)

    def _body(self, operation: Operation) -> bytes:
        if operation.method in {"GET", "DELETE"} and self.chance.random() < 0.9:
            return b""
        if self.chance.random() < 0.1:
            return self.chance.choice(RAW)
        said = {name: self._plausible(schema) for name, schema in operation.fields.items()}
        for name in self.chance.sample(
            sorted(said), min(len(said), self.chance.choice((0, 1, 1, 2)))
        ):
            said[name] = self.chance.choice((self._word(), self.chance.choice(VALUES)))
        if operation.is_page:
            return "&".join(
                f"{_quoted(name)}={_quoted(str(value))}" for name, value in said.items()
            ).encode()
        return json.dumps(said).encode()

    def _headers(self) -> dict[str, str]:
        if self.chance.random() < 0.8:
            return {}
        name = self.chance.choice(
            ("idempotency-key", "if-match", "accept-language", "cookie", "x-session-token", "origin",
             "accept", "authorization", "if-none-match", "x-tenant-host", "x-request-id")
        )  # fmt: skip
        word = self.chance.choice(
            ("é" * 300, "a", '"', "*", "Bearer x", 'session="\\000abcdefgh"', "W/\"1\"", "el;q=é",
             "http://[", "unit-court.localhost:8000", "a, b", "csrf=\xff", "Bearer nc_x",
             "text/html;q=x", 'language="\\000"', 'csrf="\\000"', "Bearer " + "x" * 5000, "en-" * 500)
        )  # fmt: skip
        return {name: word}

    def _plausible(self, schema: dict[str, Any]) -> Any:
        if schema.get("enum"):
            return self.chance.choice(schema["enum"])
        kinds = schema.get("type", "string")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "array":
            return [self._plausible(schema.get("items", {}))]
        plain: dict[str, Any] = {
            "integer": self.chance.choice((1, 2, 1000)), "number": 1, "boolean": True, "object": {},
        }  # fmt: skip
        if kind in plain:
            return plain[kind]
        by_format = {
            "email": f"a{self.chance.randrange(10**6)}@b.example", "date": "2026-03-01",
            "date-time": "2026-03-01T10:00:00Z", "uuid": UUID,
        }  # fmt: skip
        return by_format.get(schema.get("format", ""), f"word{self.chance.randrange(10**6)}")

    def _word(self) -> str:
        return self.chance.choice(WORDS)


def _quoted(word: str) -> str:
    return quote(word.encode("utf-8", "surrogatepass"), safe="")
