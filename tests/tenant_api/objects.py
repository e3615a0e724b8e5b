"""For each resource of which residents see only their own: a row of Anna's, and one that isn't hers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from public_apps.accounts.api_keys import actions as machine_keys
from public_apps.core.schema_context import inside
from tenant_apps.buildings.models import Apartment, Building, Residency
from tenant_apps.finances.actions import drafts
from tenant_apps.finances.models import Period
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace
from tests.tenant_apps.files import samples
from tests.tenant_apps.finances import month

Pair = tuple[object, object]


def elsewhere(populated: PopulatedWorkspace) -> int:
    """Return a building where Anna has never lived."""
    said = {"name": f"Far {secrets.token_hex(4)}", "address": "Akti 1, Piraeus"}
    return int(populated.manager.post("/api/buildings/", said)["id"])


def members(populated: PopulatedWorkspace) -> Pair:
    """Anna, and Petros."""
    return populated.resident.user.pk, populated.neighbour.user.pk


def keys(populated: PopulatedWorkspace) -> Pair:
    """Keys of both."""

    def key_of(person: Person) -> int:
        with inside(populated.schema):
            key, _secret = machine_keys.make(user=person.user, name="meter", role="resident")
        return key.pk

    return key_of(populated.resident), key_of(populated.neighbour)


def buildings(populated: PopulatedWorkspace) -> Pair:
    """Where Anna lives, and where she doesn't."""
    return populated.building.pk, elsewhere(populated)


def apartments(populated: PopulatedWorkspace) -> Pair:
    """Hers, and one on the same floor."""
    return populated.apartments[0].pk, populated.apartments[1].pk


def residencies(populated: PopulatedWorkspace) -> Pair:
    """Hers, and her neighbour's."""

    def of(person: Person) -> int:
        with inside(populated.schema):
            return Residency.objects.get(user=person.user.pk).pk

    return of(populated.resident), of(populated.neighbour)


def announcements(populated: PopulatedWorkspace) -> Pair:
    """What is said to her building, and to another."""

    def to(building: int) -> Any:
        said = {"title": "Water is cut", "body": "On Monday.", "building": building}
        return populated.manager.post("/api/announcements/", said)["id"]

    return to(populated.building.pk), to(elsewhere(populated))


def requests(populated: PopulatedWorkspace) -> Pair:
    """What she asks for, and what her neighbour does."""

    def by(person: Person) -> Any:
        said = {"building": populated.building.pk, "title": "The lift is stuck", "category": "lift"}
        return person.post("/api/requests/", said)["id"]

    return by(populated.resident), by(populated.neighbour)


def votes(populated: PopulatedWorkspace) -> Pair:
    """What her building decides, and what another does."""
    now = timezone.now()

    def of(building: int) -> Any:
        said = {
            "building": building, "title": "Paint the stairs?", "choices": ["yes", "no"],
            "opens_at": now.isoformat(), "closes_at": (now + timedelta(days=1)).isoformat(),
        }  # fmt: skip
        return populated.manager.post("/api/votes/", said)["id"]

    return of(populated.building.pk), of(elsewhere(populated))


def files(populated: PopulatedWorkspace) -> Pair:
    """What she has uploaded, and what her neighbour has."""

    def by(person: Person) -> Any:
        sent = {"file": ("stuck.png", samples.PNG)}
        return person.ask("POST", "/api/files/", files=sent).json()["id"]

    return by(populated.resident), by(populated.neighbour)


def _two_months(populated: PopulatedWorkspace) -> tuple[Period, Period]:
    """Return an issued month of her building, and a draft of another's."""
    mine = month.draft(populated)
    sent = {"file": ("bill.pdf", samples.PDF)}
    bill = populated.manager.ask("POST", "/api/files/", files=sent).json()["id"]
    month.spend(populated, mine, attachment=bill)
    month.issue(populated, mine)
    with inside(populated.schema):
        far = Building.objects.get(pk=elsewhere(populated))
        return mine, drafts.open_period(building=far, month=month.OCTOBER)


def periods(populated: PopulatedWorkspace) -> Pair:
    """Her building's issued month, and another building's."""
    mine, other = _two_months(populated)
    return mine.pk, other.pk


def expenses(populated: PopulatedWorkspace) -> Pair:
    """What was spent on her building, and on another."""
    mine, other = _two_months(populated)
    with inside(populated.schema):
        spent = mine.expenses.get().pk
    return spent, month.spend(populated, other)


def charges(populated: PopulatedWorkspace) -> Pair:
    """What A1 owes for a month, and what A2 does."""
    _two_months(populated)
    rows = populated.manager.get(f"/api/charges/?building={populated.building.pk}")["results"]
    of = {row["apartment_number"]: row["id"] for row in rows}
    return of["A1"], of["A2"]


def payments(populated: PopulatedWorkspace) -> Pair:
    """What A1 has paid, and what A2 has."""

    def by(flat: Apartment) -> Any:
        said = {
            "apartment": flat.pk, "party": "owner", "method": "bank", "amount": 5_000,
            "paid_on": "2026-11-02",
        }  # fmt: skip
        return populated.manager.post("/api/payments/", said)["id"]

    return by(populated.apartments[0]), by(populated.apartments[1])


OBJECTS: dict[str, Callable[[PopulatedWorkspace], Pair]] = {
    "announcements": announcements,
    "apartments": apartments,
    "buildings": buildings,
    "charges": charges,
    "expenses": expenses,
    "files": files,
    "keys": keys,
    "members": members,
    "payments": payments,
    "periods": periods,
    "requests": requests,
    "residencies": residencies,
    "statements": apartments,
    "votes": votes,
}
