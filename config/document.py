"""What the OpenAPI documents say about the API as a whole; each document keeps the tags that it uses."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

EXAMPLES = Path(__file__).parent / "examples.yaml"
JSON = "application/json"
DESCRIPTION = """\
Money is an integer in minor units; the field that names its currency stands beside it, or else it is
`currency` of `GET /api/workspace/`. Times are ISO 8601 in UTC. Refusals are problem documents
(RFC 9457) whose `type` is a page that explains it and whose `code` is for programs; texts for people
follow `Accept-Language` (English and Greek). What may change, and how it is announced: docs/api.md.

The tenant API answers at a workspace's own host, and at any public host with the header
`X-Tenant-Host: acme.example.com`.
"""
TAGS = {
    "billing": "Plans, prices, and buying a workspace.",
    "problems": "Why the API refuses, kind by kind.",
    "sign-in": "Signing in and out, passwords, second factors: allauth's headless API, client `app`.",
    "me": "The signed-in person.",
    "workspace": "The workspace itself: its name, language and currency.",
    "members": "The people of the workspace.",
    "invitations": "Asking people to join, and their joining.",
    "keys": "API keys for machines.",
    "buildings": "Buildings and the import of their apartments.",
    "apartments": "The units of a building, and their statements.",
    "residencies": "Who owns or rents an apartment, and when.",
    "periods": "The months of a building: drafted, issued, closed.",
    "expenses": "What a month costs.",
    "charges": "What apartments owe for a month.",
    "payments": "Money that came in.",
    "balances": "What each owner and tenant owes in all.",
    "announcements": "What the people of a building are told.",
    "requests": "What people ask of whoever looks after their building.",
    "votes": "Votes of a building's owners.",
    "files": "Uploads that wait to be attached.",
    "work": "Imports and issues that take a while.",
    "subscription": "The workspace's own subscription, for its owners.",
    "invoices": "The workspace's own invoices, for its owners.",
    "domains": "Domains of the workspace's own.",
    "subdomain": "The workspace's subdomain.",
    "exports": "Archives of everything, for owners to take along.",
    "deletion": "The end of the workspace, asked for by its owner.",
    "sample": "The sample building.",
    "audit": "Who did what, for owners.",
}
WORDS: dict[str, Any] = {
    "TITLE": "New Concierge",
    "VERSION": "1.0.0",
    "DESCRIPTION": DESCRIPTION,
    "CONTACT": {"name": "New Concierge", "url": "https://newconcierge.gr"},
    "LICENSE": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
    "SERVERS": [
        {"url": "/", "description": "The host that serves this document."},
        {
            "url": "https://{host}",
            "description": "Any other host: a workspace's own, or a public one with X-Tenant-Host.",
            "variables": {"host": {"default": "acme.newconcierge.gr"}},
        },
    ],
    "TAGS": [{"name": name, "description": said} for name, said in TAGS.items()],
}


def add_examples(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Show an example of what is sent and answered where there is one; drf-spectacular's last hook."""
    result["tags"] += [*_more_tags(result)]
    examples = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    for path in result["paths"].values():
        for operation in path.values():
            shown = examples.get(operation["operationId"], {})
            if "request" in shown:
                _show(operation["requestBody"], shown["request"])
            if "response" in shown:
                _show(_success(result, operation), shown["response"])
    return result


def _more_tags(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the tags that nobody has described in TAGS, in the words of each one's viewset."""
    from public_apps.accounts.viewsets import resources  # too early while settings are read

    used = {
        tag for path in document["paths"].values() for each in path.values() for tag in each["tags"]
    }
    for tag in sorted(used - set(TAGS)):
        if tag in resources:
            yield {"name": tag, "description": inspect.getdoc(resources[tag]) or ""}


def _success(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """Return the answer that all goes well with."""
    status = min(operation["responses"])
    answer: dict[str, Any] = operation["responses"][status]
    if "$ref" in answer:  # of an answer that many share, this operation gets its own
        answer = dict(document["components"]["responses"][answer["$ref"].rpartition("/")[2]])
        operation["responses"][status] = answer
    return answer


def _show(body: dict[str, Any], value: Any) -> None:
    content = {**body["content"]}
    content[JSON] = {**content[JSON], "examples": {"example": {"value": value}}}
    body["content"] = content
