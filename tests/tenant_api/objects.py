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
from tests.tenant_api.town import Person, Town
from tests.tenant_apps.files import samples
from tests.tenant_apps.finances import month

Pair = tuple[object, object]


def elsewhere(town: Town) -> int:
    """Return a building where Anna has never lived."""
    said = {"name": f"Far {secrets.token_hex(4)}", "address": "Akti 1, Piraeus"}
    return int(town.manager.post("/api/buildings/", said)["id"])


def members(town: Town) -> Pair:
    """Anna, and Petros."""
    return town.resident.user.pk, town.neighbour.user.pk


def keys(town: Town) -> Pair:
    """Keys of both."""

    def key_of(person: Person) -> int:
        with inside(town.schema):
            key, _secret = machine_keys.make(user=person.user, name="meter", role="resident")
        return key.pk

    return key_of(town.resident), key_of(town.neighbour)


def buildings(town: Town) -> Pair:
    """Where Anna lives, and where she doesn't."""
    return town.building.pk, elsewhere(town)


def apartments(town: Town) -> Pair:
    """Hers, and one on the same floor."""
    return town.apartments[0].pk, town.apartments[1].pk


def residencies(town: Town) -> Pair:
    """Hers, and her neighbour's."""

    def of(person: Person) -> int:
        with inside(town.schema):
            return Residency.objects.get(user=person.user.pk).pk

    return of(town.resident), of(town.neighbour)


def announcements(town: Town) -> Pair:
    """What is said to her building, and to another."""

    def to(building: int) -> Any:
        said = {"title": "Water is cut", "body": "On Monday.", "building": building}
        return town.manager.post("/api/announcements/", said)["id"]

    return to(town.building.pk), to(elsewhere(town))


def requests(town: Town) -> Pair:
    """What she asks for, and what her neighbour does."""

    def by(person: Person) -> Any:
        said = {"building": town.building.pk, "title": "The lift is stuck", "category": "lift"}
        return person.post("/api/requests/", said)["id"]

    return by(town.resident), by(town.neighbour)


def votes(town: Town) -> Pair:
    """What her building decides, and what another does."""
    now = timezone.now()

    def of(building: int) -> Any:
        said = {
            "building": building, "title": "Paint the stairs?", "choices": ["yes", "no"],
            "opens_at": now.isoformat(), "closes_at": (now + timedelta(days=1)).isoformat(),
        }  # fmt: skip
        return town.manager.post("/api/votes/", said)["id"]

    return of(town.building.pk), of(elsewhere(town))


def files(town: Town) -> Pair:
    """What she has uploaded, and what her neighbour has."""

    def by(person: Person) -> Any:
        sent = {"file": ("stuck.png", samples.PNG)}
        return person.ask("POST", "/api/files/", files=sent).json()["id"]

    return by(town.resident), by(town.neighbour)


def _two_months(town: Town) -> tuple[Period, Period]:
    """Return an issued month of her building, and a draft of another's."""
    mine = month.draft(town)
    sent = {"file": ("bill.pdf", samples.PDF)}
    bill = town.manager.ask("POST", "/api/files/", files=sent).json()["id"]
    month.spend(town, mine, attachment=bill)
    month.issue(town, mine)
    with inside(town.schema):
        far = Building.objects.get(pk=elsewhere(town))
        return mine, drafts.open_period(building=far, month=month.OCTOBER)


def periods(town: Town) -> Pair:
    """Her building's issued month, and another building's."""
    mine, other = _two_months(town)
    return mine.pk, other.pk


def expenses(town: Town) -> Pair:
    """What was spent on her building, and on another."""
    mine, other = _two_months(town)
    with inside(town.schema):
        spent = mine.expenses.get().pk
    return spent, month.spend(town, other)


def charges(town: Town) -> Pair:
    """What A1 owes for a month, and what A2 does."""
    _two_months(town)
    rows = town.manager.get(f"/api/charges/?building={town.building.pk}")["results"]
    of = {row["apartment_number"]: row["id"] for row in rows}
    return of["A1"], of["A2"]


def payments(town: Town) -> Pair:
    """What A1 has paid, and what A2 has."""

    def by(flat: Apartment) -> Any:
        said = {
            "apartment": flat.pk, "party": "owner", "method": "bank", "amount": 5_000,
            "paid_on": "2026-11-02",
        }  # fmt: skip
        return town.manager.post("/api/payments/", said)["id"]

    return by(town.apartments[0]), by(town.apartments[1])


OBJECTS: dict[str, Callable[[Town], Pair]] = {
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
