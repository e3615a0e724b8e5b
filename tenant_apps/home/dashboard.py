"""What needs somebody today: asked of every app that may know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope, scope_for
from tenant_apps.announcements import queries as announcements
from tenant_apps.buildings import queries as buildings
from tenant_apps.buildings.models import Building, Residency
from tenant_apps.finances import queries as finances
from tenant_apps.finances.models import Account, Period
from tenant_apps.home import chart
from tenant_apps.home.chart import Chart
from tenant_apps.home.models import Sample
from tenant_apps.requests import queries as requests
from tenant_apps.votes import queries as votes

SHOWN = 5
MONTHS = 12
BUILDINGS_IN_CHOICE = 50


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """What somebody finds on their first page."""

    requests: list[Any]
    request_count: int
    votes: list[Any]
    unread: list[Any] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class DeskAgenda(Agenda):
    """Of those who look after buildings; money only of those who may see it."""

    building_count: int
    drafts: list[Period]
    owed: int
    owing: list[Account]
    buildings: list[Building]
    building: Building | None
    chart: Chart | None
    sample: Sample | None


@dataclass(frozen=True, kw_only=True)
class ResidentAgenda(Agenda):
    """Of those who live in or own an apartment."""

    homes: list[Home]


@dataclass(frozen=True)
class Home:
    """An apartment of somebody's, and what is to be paid there, in cents."""

    residency: Residency
    balance: int


def of_desk(user: User, *, chosen: str = "") -> DeskAgenda:
    """Return what needs those who look after buildings; `chosen` is a building's id for the chart."""
    with_money = scope_for(role=user.role, operation="balances.list") is Scope.ALL
    known = list(Building.objects.order_by("name")[:BUILDINGS_IN_CHOICE])
    building = next((each for each in known if str(each.pk) == chosen), known[0] if known else None)
    owing = finances.balances().filter(balance__gt=0)
    drawn = None
    if with_money and building is not None:
        values = finances.money_by_month(building, months=MONTHS, until=timezone.localdate())
        drawn = chart.of(values)
    return DeskAgenda(
        **_common(user),
        building_count=Building.objects.count(),
        drafts=list(_drafts()) if with_money else [],
        owed=(owing.aggregate(cents=Sum("balance"))["cents"] or 0) if with_money else 0,
        owing=list(owing.order_by("-balance", "pk")[:SHOWN]) if with_money else [],
        buildings=known,
        building=building,
        chart=drawn,
        sample=Sample.objects.select_related("building").first(),
    )


def of_resident(user: User) -> ResidentAgenda:
    """Return what concerns a resident, their apartments first."""
    residencies = list(buildings.residencies_of(user).select_related("apartment__building"))
    balances = finances.own_accounts(finances.balances(), user=user)
    owed: dict[int, int] = {}
    for account in balances:
        if account.apartment_id is not None:
            owed[account.apartment_id] = owed.get(account.apartment_id, 0) + account.known_balance
    return ResidentAgenda(
        **_common(user),
        unread=list(announcements.unread_by(user)[:SHOWN]),
        homes=[Home(each, owed.get(each.apartment_id, 0)) for each in residencies],
    )


def _common(user: User) -> dict[str, Any]:
    open_requests = requests.open_for(user)
    return {
        "requests": list(open_requests[:SHOWN]),
        "request_count": open_requests.count(),
        "votes": list(votes.running_for(user)[:SHOWN]),
    }


def _drafts() -> Any:
    drafts = finances.drafts().select_related("building")
    return drafts.order_by("month", "building__name")[:SHOWN]
