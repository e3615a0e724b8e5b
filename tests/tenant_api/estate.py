"""A workspace with a row of everything, made by its own API, whose every word bears its mark.

Two estates are made by the same steps in the same order, so that what they hold has the same ids.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import requests
from django.utils import timezone

from billing.models import Invoice
from public_apps.accounts.invitations import links
from public_apps.accounts.models import Invitation
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Export, Tenant
from tenant_apps.home.models import Sample
from tests.core.ground import PASSWORD, Door, Workspace, found_workspace
from tests.tenant_apps.files import samples

CSV = "number,mills\nB7,400\nB8,600\n"


@dataclass
class Lot:
    """What one furnishing has made: ids by resource, or by operation where it takes a row of its own."""

    number: int
    ids: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.ids[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.ids[name] = value


@dataclass
class Estate:
    """One of the twins: Eleni owns it, and has furnished it."""

    door: Door
    mark: str = field(default_factory=lambda: f"m{secrets.token_hex(5)}")
    lots: list[Lot] = field(default_factory=list)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, founded on first use."""
        return found_workspace(self.mark)

    @property
    def schema(self) -> str:
        """The schema to be `inside` of."""
        return str(self.workspace.tenant.schema_name)

    @property
    def host(self) -> str:
        """Its own host."""
        return self.workspace.host

    @property
    def name(self) -> str:
        """What it is called now."""
        return str(Tenant.objects.get(pk=self.workspace.tenant.pk).name)

    @property
    def lot(self) -> Lot:
        """What it was furnished with first."""
        return self.lots[0]

    @cached_property
    def token(self) -> str:
        """The owner's session token."""
        return self.door.token(self.workspace)

    @cached_property
    def api_key(self) -> str:
        """A key for a machine in the owner's role."""
        return str(self.post("/api/keys/", {"name": self.words("key"), "role": "owner"})["key"])

    def words(self, *said: object) -> str:
        """Return a text that nobody can mistake for another workspace's."""
        return " ".join([self.mark, *map(str, said)])

    def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> requests.Response:
        """Send a request as the owner."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.door.ask(method, path, host=self.host, headers=sent, **kwargs)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        """Return the JSON of a POST that must succeed."""
        sent = kwargs or {"json": {} if body is None else body}
        answer = self.ask("POST", path, **sent)
        assert answer.ok, (path, answer.text)
        return answer.json()

    def upload(self) -> str:
        """Upload a file that waits to be attached; return its id."""
        sent = {"file": (f"{self.mark}.png", samples.PNG)}
        return str(self.post("/api/files/", files=sent)["id"])

    def invitation_key(self, pk: int) -> str:
        """Return the key in the link of an open invitation."""
        with inside(self.schema):
            return links.key_of(Invitation.objects.get(pk=pk))

    def furnish(self) -> Lot:
        """Make a row of everything, and remember where."""
        lot = Lot(len(self.lots) + 1)
        for furnish in (_people, _houses, _months, _talk, _votes, _papers):
            furnish(self, lot)
        self.lots.append(lot)
        return lot


def furnished(door: Door) -> Estate:
    """Return a workspace of its own with a row of everything."""
    estate = Estate(door)
    estate.furnish()
    return estate


def _people(estate: Estate, lot: Lot) -> None:
    def invited(name: str) -> int:
        email = f"{name}-{lot.number}@{estate.mark}.example"
        said = {"email": email, "role": "manager", "first_name": estate.words(name)}
        return int(estate.post("/api/invitations/", said)["id"])

    key = estate.invitation_key(invited("anna"))
    names = {"first_name": "Anna", "last_name": estate.words("Sideri")}
    joined = estate.post("/api/invitations/accept/", {"key": key, "password": PASSWORD, **names})
    people = estate.ask("GET", f"/api/members/?search={joined['email']}").json()["results"]
    lot["members"] = people[0]["id"]
    lot["invitations"], lot["guest"] = invited("petros"), invited("maria")
    with inside(estate.schema):  # or else it would be too soon for another mail
        a_while_ago = timezone.now() - timedelta(hours=1)
        Invitation.objects.filter(pk=lot["invitations"]).update(mailed_at=a_while_ago)
    made = estate.post("/api/keys/", {"name": estate.words("meter"), "role": "staff"})
    lot["keys"] = made["id"]


def _houses(estate: Estate, lot: Lot) -> None:
    def building(name: str) -> int:
        said = {"name": estate.words(name, lot.number), "address": estate.words("Elaion 4")}
        return int(estate.post("/api/buildings/", said)["id"])

    def apartment(of: int, number: str, mills: int) -> int:
        said = {"building": of, "number": number, "mills": mills, "owner_name": estate.words()}
        return int(estate.post("/api/apartments/", said)["id"])

    def residency(of: int, user: int) -> int:
        said = {"apartment": of, "user": user, "kind": "owner", "starts_on": "2020-01-01"}
        return int(estate.post("/api/residencies/", said)["id"])

    lot["buildings"] = building("Olive")
    lot["apartments"] = apartment(lot["buildings"], "A1", 600)
    lot["second apartment"] = apartment(lot["buildings"], "A2", 400)
    lot["residencies"] = residency(lot["apartments"], lot["members"])
    lot["second building"] = building("Pine")
    lot["apartments_destroy"] = apartment(lot["second building"], "B1", 0)
    lot["buildings_destroy"] = building("Quince")
    if lot.number == 1:  # there is never more than one sample
        lot["sample building"] = building("Sample")
        with inside(estate.schema):
            Sample.objects.create(building_id=lot["sample building"])
    csv = {"content": CSV}
    work = estate.post(f"/api/buildings/{lot['second building']}/import-apartments/", csv)
    lot["work"] = work["id"]


def _months(estate: Estate, lot: Lot) -> None:
    def month(number: int) -> int:
        said = {"building": lot["buildings"], "month": f"2026-{number:02}-01"}
        return int(estate.post("/api/periods/", said)["id"])

    def expense(of: int, **more: Any) -> int:
        said = {
            "period": of, "category": "cleaning", "description": estate.words("stairs"),
            "amount": 10_000, "spent_on": "2026-01-15", "sharing": "mills", "paid_by": "owner",
        }  # fmt: skip
        return int(estate.post("/api/expenses/", {**said, **more})["id"])

    january, february, march, april = (month(number) for number in range(1, 5))
    lot["periods"] = lot["periods_close_create"] = january
    lot["expenses"] = expense(january, attachment=estate.upload())
    estate.post(f"/api/periods/{january}/issue/")
    lot["charges"] = _first(estate, f"/api/charges/?apartment={lot['apartments']}")
    said = {
        "apartment": lot["apartments"], "party": "owner", "method": "bank", "amount": 2_500,
        "paid_on": "2026-02-01", "reference": estate.words("transfer"),
    }  # fmt: skip
    lot["payments"] = estate.post("/api/payments/", said)["id"]
    lot["periods_issue_create"], lot["expenses_partial_update"] = february, expense(february)
    lot["periods_destroy"] = march
    lot["draft month"], lot["expenses_destroy"] = april, expense(april)


def _talk(estate: Estate, lot: Lot) -> None:
    said = {"title": estate.words("Water"), "body": "On Monday.", "building": lot["buildings"]}
    lot["announcements"] = estate.post("/api/announcements/", said)["id"]
    lot["attachments"] = estate.upload()
    said = {
        "building": lot["buildings"], "title": estate.words("The lift"), "category": "lift",
        "description": estate.words("is stuck"), "files": [lot["attachments"]],
    }  # fmt: skip
    lot["requests"] = estate.post("/api/requests/", said)["id"]
    of_it = f"/api/requests/{lot['requests']}"
    estate.post(f"{of_it}/comments/", {"body": estate.words("again")})
    estate.post(f"{of_it}/assign/", {"person": lot["members"], "note": estate.words("yours")})


def _votes(estate: Estate, lot: Lot) -> None:
    now = timezone.now()

    def vote(opens: timedelta) -> Any:
        said = {
            "building": lot["buildings"], "title": estate.words("Paint?"),
            "choices": [estate.words("yes"), "no"], "opens_at": (now + opens).isoformat(),
            "closes_at": (now + timedelta(days=9)).isoformat(),
        }  # fmt: skip
        return estate.post("/api/votes/", said)

    running = vote(timedelta())
    lot["votes"], lot["choice"] = running["id"], running["choices"][0]["id"]
    ballot = {"apartment": lot["apartments"], "choice": lot["choice"], "on_paper": True}
    estate.post(f"/api/votes/{lot['votes']}/ballots/", ballot)
    coming = vote(timedelta(days=1))
    lot["votes_partial_update"] = lot["votes_destroy"] = coming["id"]


def _papers(estate: Estate, lot: Lot) -> None:
    """A domain, uploads, an invoice, which only Stripe could make, and an export, by the worker."""
    host = f"home{lot.number}.{estate.mark}.example"
    lot["domains"] = estate.post("/api/domains/", {"host": host})["id"]
    lot["files"] = estate.upload()
    for name in ("file of expense", "file of request", "file of older request"):
        lot[name] = estate.upload()
    number = estate.words(lot.number)
    now = timezone.now()
    Invoice.objects.create(
        id=f"in_{estate.mark}_{lot.number}", tenant=estate.workspace.tenant, status="paid",
        number=number, amount_due=2900, amount_paid=2900, currency="eur", created_at=now,
        synced_at=now,
    )  # fmt: skip

    lot["exports"] = Export.objects.create(
        tenant=estate.workspace.tenant, asked_by=estate.workspace.owner, asked_at=now,
        finished_at=now, expires_at=now + timedelta(days=7), size=1000,
    ).pk  # fmt: skip


def _first(estate: Estate, path: str) -> int:
    rows = estate.ask("GET", path).json()["results"]
    return int(rows[0]["id"])
