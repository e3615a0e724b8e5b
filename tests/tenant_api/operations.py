"""Every operation of the tenant API's served document, with an example of each to be sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.core.web_stack import PASSWORD, HttpClient
from tests.tenant_api.derived import NotDerivable
from tests.tenant_api.sample_workspace import CSV, FixtureSet, SampleWorkspace
from tests.tenant_apps.files import samples

ROWS = "tests/tenant_api/sample_workspace.py"
_PLACE = re.compile(r"{(\w+)}")
# What is done first can't have been taken away by what is done later.
_ORDER = ("GET", "POST", "PATCH", "POST of a row", "DELETE")
# After these the workspace is somewhere else, closed, or somebody else's.
LAST = (
    "subdomain_create", "deletion_create", "deletion_destroy", "members_transfer_ownership_create",
)  # fmt: skip


# Signing in has a test of its own: whoever signs out in the middle of a walk ends it.
SIGN_IN = "/_allauth/"


@dataclass(frozen=True)
class Operation:
    """One operation as the document describes it."""

    name: str
    method: str
    route: str
    headers: frozenset[str]
    numbers: tuple[str, ...]
    has_body: bool

    @property
    def resource(self) -> str:
        """The first word of its address after /api/."""
        return self.route.split("/")[2]

    @property
    def is_about_a_row(self) -> bool:
        """Whether the address names a row."""
        return "{" in self.route

    @property
    def turn(self) -> tuple[int, int, str]:
        """When its turn is, if all are done one after the other."""
        kind = "POST of a row" if self.method == "POST" and self.is_about_a_row else self.method
        last = LAST.index(self.name) if self.name in LAST else -1
        return last, _ORDER.index(kind), self.route

    def path(self, fixtures: FixtureSet) -> str:
        """Return the address of this lot's row; raises `NotDerivable` for a resource that no lot has."""
        row = (
            fixtures.ids.get(self.name)
            if self.name in fixtures.ids
            else fixtures.ids.get(self.resource)
        )
        rows = {"id": row, "file": fixtures["attachments"]}
        if self.is_about_a_row and row is None:
            raise NotDerivable(f"{self.resource}: no row to look at; have {ROWS} make one.")
        return _PLACE.sub(lambda place: str(rows[place[1]]), self.route)

    def content(self, sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> dict[str, Any]:
        """Return what to send, as `requests` takes it; raises `NotDerivable`, saying what is missing."""
        if self.name == "files_create":
            return {"files": {"file": (f"{sample_workspace.mark}.png", samples.PNG)}}
        if not self.has_body:
            return {"json": {}} if self.method in {"POST", "PATCH"} else {}
        by_hand = bodies(sample_workspace, fixtures)
        if self.name in by_hand:
            return {"json": by_hand[self.name]}
        return {"json": sample_workspace.derived(self.name, self.resource, fixtures)}


def operations(http_client: HttpClient, host: str) -> list[Operation]:
    """Return every operation that the document served at a tenant's host has, in order."""
    document = http_client.ask("GET", "/api/schema/?format=json", host=host).json()
    found = (each for each in described(document["paths"]) if not each.route.startswith(SIGN_IN))
    return sorted(found, key=lambda each: each.turn)


def described(paths: dict[str, Any]) -> Iterator[Operation]:
    """Yield every operation of a document's paths, signing in included."""
    for route, methods in paths.items():
        for method, said in methods.items():
            if method != "parameters":
                yield _operation(route, method, said)


def _operation(route: str, method: str, said: dict[str, Any]) -> Operation:
    parameters = said.get("parameters", [])
    numbers = [
        each["name"]
        for each in parameters
        if each["in"] == "query" and each["schema"].get("type") in {"number", "integer"}
    ]
    return Operation(
        name=said["operationId"],
        method=method.upper(),
        route=route,
        headers=frozenset(each["name"] for each in parameters if each["in"] == "header"),
        numbers=tuple(name for name in numbers if name != "page_size"),
        has_body="requestBody" in said,
    )


def bodies(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> dict[str, dict[str, Any]]:
    """Return a body for each operation that takes one, naming this lot's rows."""
    return {
        **_of_people(sample_workspace, fixtures),
        **_of_houses(sample_workspace, fixtures),
        **_of_money(sample_workspace, fixtures),
        **_of_requests(sample_workspace, fixtures),
        **_of_talk(sample_workspace, fixtures),
        "subscription_begin_again": {"plan": "professional", "interval": "month"},
        "subscription_portal": {},
        "subscription_contact": {"email": "books@unit.example", "name": "Anna"},
        "subscription_change_plan": {"plan": "professional", "interval": "year"},
    }


def _of_people(
    sample_workspace: SampleWorkspace, fixtures: FixtureSet
) -> dict[str, dict[str, Any]]:
    words = sample_workspace.words()
    return {
        "invitations_accept": {
            "key": sample_workspace.invitation_key(fixtures["guest"]), "password": PASSWORD,
            "first_name": "Maria", "last_name": words,
        },
        "invitations_create": {
            "email": f"stranger-{fixtures.number}@{sample_workspace.mark}.example", "role": "staff",
            "first_name": words,
        },
        "invitations_preview": {"key": sample_workspace.invitation_key(fixtures["invitations"])},
        "keys_create": {"name": words, "role": "staff"},
        "me_partial_update": {"last_name": words},
        "members_partial_update": {"last_name": words},
        "domains_create": {"host": f"other{fixtures.number}.{sample_workspace.mark}.example"},
        "deletion_create": {"name": sample_workspace.name, "password": PASSWORD},
        "subdomain_create": {"subdomain": f"{sample_workspace.mark}-new"},
        # Its name is what deletion_create types.
        "workspace_partial_update": {"name": sample_workspace.name, "language": "en"},
    }  # fmt: skip


def _of_houses(
    sample_workspace: SampleWorkspace, fixtures: FixtureSet
) -> dict[str, dict[str, Any]]:
    words = sample_workspace.words()
    return {
        "apartments_create": {
            "building": fixtures["buildings"],
            "number": f"N{fixtures.number}",
            "owner_name": words,
        },
        "apartments_partial_update": {"tenant_name": words},
        "buildings_create": {
            "name": sample_workspace.words("Rowan", fixtures.number),
            "address": "Akti 1",
        },
        "buildings_import_apartments_create": {"content": CSV},
        "buildings_partial_update": {"notes": words},
        "residencies_create": {
            "apartment": fixtures["second apartment"],
            "user": fixtures["members"],
            "kind": "tenant",
            "starts_on": "2021-01-01",
        },
        "residencies_partial_update": {"ends_on": "2030-01-01"},
    }


def _of_money(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> dict[str, dict[str, Any]]:
    words = sample_workspace.words()
    return {
        "charges_correct_create": {"amount": 150, "reason": words},
        "expenses_create": {
            "period": fixtures["draft month"], "category": "lift", "description": words,
            "amount": 5_000, "spent_on": "2026-02-10", "sharing": "chosen", "paid_by": "owner",
            "chosen": [fixtures["apartments"]], "attachment": fixtures["file of expense"],
        },
        "expenses_partial_update": {"description": words},
        "expenses_reverse_create": {"reason": words},
        "payments_create": {
            "apartment": fixtures["apartments"], "party": "owner", "method": "cash", "amount": 1_000,
            "paid_on": "2026-02-02", "note": words,
        },
        "payments_reverse_create": {"reason": words},
        "periods_create": {"building": fixtures["buildings"], "month": "2026-05-01"},
    }  # fmt: skip


def _of_requests(
    sample_workspace: SampleWorkspace, fixtures: FixtureSet
) -> dict[str, dict[str, Any]]:
    words = sample_workspace.words()
    return {
        "requests_assign_create": {"person": fixtures["members"], "note": words},
        "requests_attachments_create": {"files": [fixtures["file of older request"]]},
        "requests_comments_create": {"body": words},
        "requests_create": {
            "building": fixtures["buildings"], "apartment": fixtures["apartments"], "category": "lift",
            "title": words, "files": [fixtures["file of request"]],
        },
        "requests_partial_update": {"title": words},
        "requests_transitions_create": {"status": "in_progress", "note": words},
    }  # fmt: skip


def _of_talk(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> dict[str, dict[str, Any]]:
    words = sample_workspace.words()
    now = timezone.now()
    return {
        "announcements_create": {"title": words, "body": "Off.", "building": fixtures["buildings"]},
        "announcements_partial_update": {"title": words, "building": fixtures["buildings"]},
        "votes_ballots_create": {
            "apartment": fixtures["second apartment"], "choice": fixtures["choice"], "on_paper": True,
        },
        "votes_create": {
            "building": fixtures["buildings"], "title": words, "choices": ["yes", "no"],
            "opens_at": now.isoformat(), "closes_at": (now + timedelta(days=9)).isoformat(),
        },
        "votes_partial_update": {"title": words},
    }  # fmt: skip
