"""No list costs more queries because it is longer; the lists are found in the URL conf."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from operator import itemgetter
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from billing.models import Invoice
from public_apps.accounts.models import ApiKey, Invitation, Role, User
from public_apps.core.schema_context import inside
from public_apps.tenants.archives import store_layout
from public_apps.tenants.models import DomainClaim, Export
from tenant_apps.announcements import actions as announcements
from tenant_apps.buildings import actions as buildings
from tenant_apps.buildings.models import Apartment, Building, Party, Work
from tenant_apps.finances.actions import drafts, issuing, payments
from tenant_apps.requests import actions as service
from tenant_apps.votes import actions as votes
from tests.core.web_stack import HttpClient, create_workspace
from tests.tenant_api import derived
from tests.tenant_api.populated_workspace import LONG_AGO, PopulatedWorkspace

FEW, MANY = 2, 20
NOT_LISTS = ("/api/schema/", "/api/docs/")
# A vote has no more choices, and a subscription no more items, than one sees at a glance.
SHORT = {"api/subscription/", "api/votes/<int:pk>/results/"}


def test_every_list_costs_the_same_for_two_rows_and_for_twenty(http_client: HttpClient) -> None:
    populated = PopulatedWorkspace(http_client, create_workspace())
    few = _costs(populated, _filled(populated, FEW))
    many = _costs(populated, _filled(populated, MANY))
    assert set(few) == set(many)
    assert len(many) > 15
    short = {path for path, (rows, _queries) in many.items() if rows < MANY}
    assert short == SHORT, "lists without enough rows: give them some in this file"
    dearer = {
        path: (few[path][1], queries)
        for path, (_rows, queries) in many.items()
        if queries > few[path][1]
    }
    assert dearer == {}


def _costs(populated: PopulatedWorkspace, ids: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Return rows and queries of every GET under /api/ that answers with a list."""
    client = Client(
        headers={"Host": populated.workspace.host, "X-Session-Token": populated.owner.token}
    )
    found = {}
    for route in _routes(get_resolver("config.urls_tenant").url_patterns):
        path = _path(route, ids)
        if path is None or path.startswith(NOT_LISTS) or route.endswith(">/"):
            continue
        answer, queries = min((_asked(client, path) for _turn in range(2)), key=itemgetter(1))
        rows = _rows(answer)
        if rows is not None:
            found[route] = (len(rows), queries)
    return found


def _asked(client: Client, path: str) -> tuple[Any, int]:
    """Return the answer and its queries; now and then a cache is due for some of its own."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path, {"page_size": 200})
        if answer.status_code == 400:  # a list without pages
            answer = client.get(path)
    return answer, len(captured)


def _routes(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and route.startswith("api/"):
            yield route


def _path(route: str, ids: dict[str, int]) -> str | None:
    """Return the address of the row with the longest lists; None where nothing has more than one."""
    resource = route.split("/")[1]
    path = re.sub(r"<int:\w+>", str(ids.get(resource, 1)), route, count=1)
    return None if "<" in path else f"/{path}"


def _rows(answer: Any) -> list[Any] | None:
    """Return the rows of a list, or of the one list in an answer that isn't paged."""
    if answer.status_code != 200 or "json" not in answer.headers["Content-Type"]:
        return None
    said = answer.json()
    if isinstance(said, dict):
        lists = [each for each in said.values() if isinstance(each, list)]
        said = said.get("results", max(lists, key=len, default=None))
    return said if isinstance(said, list) else None


def _filled(populated: PopulatedWorkspace, number: int) -> dict[str, int]:
    """Make so many rows of everything; return what to look at where a row has a list of its own."""
    with inside(populated.schema):
        flats = _house(populated, number)
        by, building = populated.owner.user, flats[0].building
        _people(populated, number)
        ids = {"periods": _money(flats, by), **_talk(building, number, by)}
        Work.objects.bulk_create(Work(kind="import", subject_id=1) for _ in range(number))
    _public(populated, number)
    _plain(populated, number)
    return {**ids, "apartments": flats[0].pk}


def _house(populated: PopulatedWorkspace, number: int) -> list[Apartment]:
    houses = [
        buildings.add_building(name=f"House {number}-{turn}", address="Akti 1")
        for turn in range(number)
    ]
    flats = [
        buildings.add_apartment(
            tenant=populated.workspace.tenant, building=houses[0], number=f"A{turn}",
            mills=1000 // number,
        )
        for turn in range(number)
    ]  # fmt: skip
    for turn, flat in enumerate(flats):
        person = User.objects.create_user(f"person-{number}-{turn}@x.example", role=Role.RESIDENT)
        buildings.add_residency(apartment=flat, user=person, kind=Party.OWNER, starts_on=LONG_AGO)
    return flats


def _people(populated: PopulatedWorkspace, number: int) -> None:
    by = populated.owner.user
    later = timezone.now() + timedelta(days=7)
    for turn in range(number):
        Invitation.objects.create(
            email=f"guest-{number}-{turn}@x.example", role="staff", invited_by=by, expires_at=later
        )
        ApiKey.objects.create(
            user=by, name="gate", role="staff", prefix=f"nc_{number}{turn}",
            digest=f"{number}-{turn}",
        )  # fmt: skip


def _money(flats: list[Apartment], by: User) -> int:
    """Issue one month, and pay for it bit by bit; return a draft, of as many."""
    months = [
        drafts.open_period(
            building=flats[0].building, month=date(2024 + turn // 12, turn % 12 + 1, 1)
        )
        for turn in range(len(flats))
    ]
    for _flat in flats:
        drafts.add_expense(
            period=months[0], by=by, category="cleaning", amount=1_000, spent_on=months[0].month,
            sharing="mills", paid_by="owner",
        )  # fmt: skip
        payments.record_payment(
            apartment=flats[0], party="owner", method="bank", amount=100,
            paid_on=date(2026, 2, 1), by=by,
        )  # fmt: skip
    assert issuing.issue(period=months[0], by=by) is None, "left to a worker"
    return months[-1].pk


def _talk(building: Building, number: int, by: User) -> dict[str, int]:
    now = timezone.now()
    for _turn in range(number):
        announcements.post(by=by, title="Water", body="Off.", building=building)
        request = service.open_request(by=by, building=building, title="Lift", category="lift")
        vote = votes.call_vote(
            by=by, choices=["yes", "no"], building=building, title="Paint?", opens_at=now,
            closes_at=now + timedelta(days=9),
        )  # fmt: skip
    for turn in range(number):
        service.comment(request=request, by=by, body="Again.")
        steps = ("in_progress", "waiting")
        service.move(request=request, to=steps[turn % 2], by=by, desk=True)
    return {"requests": request.pk, "votes": vote.pk}


def _plain(populated: PopulatedWorkspace, number: int) -> None:
    """Make up by POST what a resource has too few of: one that came after this file."""
    for resource, viewset in derived.plain():
        if not hasattr(viewset, "list"):
            continue
        with inside(populated.schema):
            lacking = range(derived.model_of(viewset).objects.count(), number)
            bodies = [
                derived.body(
                    f"{resource}_create", resource, mark="more", number=turn, row_of=_first_row
                )
                for turn in lacking
            ]
        for body in bodies:
            populated.owner.post(f"/api/{resource}/", body)


def _first_row(resource: str) -> Any:
    first = derived.model_of(derived.resources()[resource]).objects.first()
    return None if first is None else first.pk


def _public(populated: PopulatedWorkspace, number: int) -> None:
    tenant, now = populated.workspace.tenant, timezone.now()
    for turn in range(number):
        name = f"{number}-{turn}-{tenant.pk}"
        Invoice.objects.create(
            id=f"in_{name}", tenant=tenant, status="paid", number=name, created_at=now,
            synced_at=now,
        )  # fmt: skip
        DomainClaim.objects.create(tenant=tenant, host=f"h{name}.example")
        Export.objects.create(
            tenant=tenant, asked_by=populated.workspace.owner, finished_at=now,
            expires_at=now + timedelta(days=7), stored_as=f"{name}{store_layout.EXPORT}",
        )  # fmt: skip
