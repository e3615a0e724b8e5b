"""A workspace with a row of everything, made by its own API, whose every word bears its mark.

Two of them are made by the same steps in the same order, so that what they hold has the same ids.
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
from public_apps.tenants.archives import store_layout
from public_apps.tenants.models import Export, Tenant
from tenant_apps.home.models import Sample
from tests.core.web_stack import PASSWORD, HttpClient, Workspace, create_workspace
from tests.tenant_api import derived
from tests.tenant_apps.files import samples

CSV = "number,mills\nB7,400\nB8,600\n"


@dataclass
class FixtureSet:
    """What one furnishing has made: ids by resource, or by operation where it takes a row of its own."""

    number: int
    ids: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.ids[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.ids[name] = value


@dataclass
class SampleWorkspace:
    """One of the twins: Eleni owns it, and has furnished it."""

    http_client: HttpClient
    mark: str = field(default_factory=lambda: f"m{secrets.token_hex(5)}")
    all_fixtures: list[FixtureSet] = field(default_factory=list)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, founded on first use."""
        return create_workspace(self.mark)

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
    def fixtures(self) -> FixtureSet:
        """What it was furnished with first."""
        return self.all_fixtures[0]

    @cached_property
    def token(self) -> str:
        """The owner's session token."""
        return self.http_client.token(self.workspace)

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
        return self.http_client.ask(method, path, host=self.host, headers=sent, **kwargs)

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

    def derived(self, operation: str, resource: str, fixtures: FixtureSet) -> dict[str, Any]:
        """Return a body that follows from what a resource takes; raises `derived.NotDerivable`."""
        return derived.body(
            operation, resource, mark=self.mark, number=fixtures.number, row_of=fixtures.ids.get
        )

    def furnish(self) -> FixtureSet:
        """Make a row of everything, and remember where."""
        fixtures = FixtureSet(len(self.all_fixtures) + 1)
        for furnish in (_people, _houses, _months, _talk, _votes, _papers, _plain):
            furnish(self, fixtures)
        self.all_fixtures.append(fixtures)
        return fixtures


def furnished(http_client: HttpClient) -> SampleWorkspace:
    """Return a workspace of its own with a row of everything."""
    sample_workspace = SampleWorkspace(http_client)
    sample_workspace.furnish()
    return sample_workspace


def _people(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> None:
    def invited(name: str) -> int:
        email = f"{name}-{fixtures.number}@{sample_workspace.mark}.example"
        said = {"email": email, "role": "manager", "first_name": sample_workspace.words(name)}
        return int(sample_workspace.post("/api/invitations/", said)["id"])

    key = sample_workspace.invitation_key(invited("anna"))
    names = {"first_name": "Anna", "last_name": sample_workspace.words("Sideri")}
    joined = sample_workspace.post(
        "/api/invitations/accept/", {"key": key, "password": PASSWORD, **names}
    )
    people = sample_workspace.ask("GET", f"/api/members/?search={joined['email']}").json()[
        "results"
    ]
    fixtures["members"] = people[0]["id"]
    fixtures["invitations"], fixtures["guest"] = invited("petros"), invited("maria")
    with inside(sample_workspace.schema):  # or else it would be too soon for another mail
        a_while_ago = timezone.now() - timedelta(hours=1)
        Invitation.objects.filter(pk=fixtures["invitations"]).update(mailed_at=a_while_ago)
    made = sample_workspace.post(
        "/api/keys/", {"name": sample_workspace.words("meter"), "role": "staff"}
    )
    fixtures["keys"] = made["id"]


def _houses(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> None:
    def building(name: str) -> int:
        said = {
            "name": sample_workspace.words(name, fixtures.number),
            "address": sample_workspace.words("Elaion 4"),
        }
        return int(sample_workspace.post("/api/buildings/", said)["id"])

    def apartment(of: int, number: str, mills: int) -> int:
        said = {
            "building": of,
            "number": number,
            "mills": mills,
            "owner_name": sample_workspace.words(),
        }
        return int(sample_workspace.post("/api/apartments/", said)["id"])

    def residency(of: int, user: int) -> int:
        said = {"apartment": of, "user": user, "kind": "owner", "starts_on": "2020-01-01"}
        return int(sample_workspace.post("/api/residencies/", said)["id"])

    fixtures["buildings"] = building("Olive")
    fixtures["apartments"] = apartment(fixtures["buildings"], "A1", 600)
    fixtures["second apartment"] = apartment(fixtures["buildings"], "A2", 400)
    fixtures["residencies"] = residency(fixtures["apartments"], fixtures["members"])
    fixtures["second building"] = building("Pine")
    fixtures["apartments_destroy"] = apartment(fixtures["second building"], "B1", 0)
    fixtures["buildings_destroy"] = building("Quince")
    if fixtures.number == 1:  # there is never more than one sample
        fixtures["sample building"] = building("Sample")
        with inside(sample_workspace.schema):
            Sample.objects.create(building_id=fixtures["sample building"])
    csv = {"content": CSV}
    work = sample_workspace.post(
        f"/api/buildings/{fixtures['second building']}/import-apartments/", csv
    )
    fixtures["work"] = work["id"]


def _months(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> None:
    def month(number: int) -> int:
        said = {"building": fixtures["buildings"], "month": f"2026-{number:02}-01"}
        return int(sample_workspace.post("/api/periods/", said)["id"])

    def expense(of: int, **more: Any) -> int:
        said = {
            "period": of, "category": "cleaning", "description": sample_workspace.words("stairs"),
            "amount": 10_000, "spent_on": "2026-01-15", "sharing": "mills", "paid_by": "owner",
        }  # fmt: skip
        return int(sample_workspace.post("/api/expenses/", {**said, **more})["id"])

    january, february, march, april = (month(number) for number in range(1, 5))
    fixtures["periods"] = fixtures["periods_close_create"] = january
    fixtures["expenses"] = expense(january, attachment=sample_workspace.upload())
    sample_workspace.post(f"/api/periods/{january}/issue/")
    fixtures["charges"] = _first(
        sample_workspace, f"/api/charges/?apartment={fixtures['apartments']}"
    )
    said = {
        "apartment": fixtures["apartments"], "party": "owner", "method": "bank", "amount": 2_500,
        "paid_on": "2026-02-01", "reference": sample_workspace.words("transfer"),
    }  # fmt: skip
    fixtures["payments"] = sample_workspace.post("/api/payments/", said)["id"]
    fixtures["periods_issue_create"], fixtures["expenses_partial_update"] = (
        february,
        expense(february),
    )
    fixtures["periods_destroy"] = march
    fixtures["draft month"], fixtures["expenses_destroy"] = april, expense(april)


def _talk(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> None:
    said = {
        "title": sample_workspace.words("Water"),
        "body": "On Monday.",
        "building": fixtures["buildings"],
    }
    fixtures["announcements"] = sample_workspace.post("/api/announcements/", said)["id"]
    fixtures["attachments"] = sample_workspace.upload()
    said = {
        "building": fixtures["buildings"],
        "title": sample_workspace.words("The lift"),
        "category": "lift",
        "description": sample_workspace.words("is stuck"),
        "files": [fixtures["attachments"]],
    }
    fixtures["requests"] = sample_workspace.post("/api/requests/", said)["id"]
    of_it = f"/api/requests/{fixtures['requests']}"
    sample_workspace.post(f"{of_it}/comments/", {"body": sample_workspace.words("again")})
    sample_workspace.post(
        f"{of_it}/assign/",
        {"person": fixtures["members"], "note": sample_workspace.words("yours")},
    )


def _votes(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> None:
    now = timezone.now()

    def vote(opens: timedelta) -> Any:
        said = {
            "building": fixtures["buildings"], "title": sample_workspace.words("Paint?"),
            "choices": [sample_workspace.words("yes"), "no"], "opens_at": (now + opens).isoformat(),
            "closes_at": (now + timedelta(days=9)).isoformat(),
        }  # fmt: skip
        return sample_workspace.post("/api/votes/", said)

    running = vote(timedelta())
    fixtures["votes"], fixtures["choice"] = running["id"], running["choices"][0]["id"]
    ballot = {
        "apartment": fixtures["apartments"],
        "choice": fixtures["choice"],
        "on_paper": True,
    }
    sample_workspace.post(f"/api/votes/{fixtures['votes']}/ballots/", ballot)
    coming = vote(timedelta(days=1))
    fixtures["votes_partial_update"] = fixtures["votes_destroy"] = coming["id"]


def _papers(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> None:
    """A domain, uploads, an invoice, which only Stripe could make, and an export, by the worker."""
    host = f"home{fixtures.number}.{sample_workspace.mark}.example"
    fixtures["domains"] = sample_workspace.post("/api/domains/", {"host": host})["id"]
    fixtures["files"] = sample_workspace.upload()
    for name in ("file of expense", "file of request", "file of older request"):
        fixtures[name] = sample_workspace.upload()
    number = sample_workspace.words(fixtures.number)
    now = timezone.now()
    fixtures["invoices"] = Invoice.objects.create(
        id=f"in_{sample_workspace.mark}_{fixtures.number}",
        tenant=sample_workspace.workspace.tenant,
        status="paid",
        number=number,
        amount_due=2900,
        amount_paid=2900,
        currency="eur",
        created_at=now,
        synced_at=now,
    ).pk
    fixtures["exports"] = Export.objects.create(
        tenant=sample_workspace.workspace.tenant,
        asked_by=sample_workspace.workspace.owner,
        asked_at=now,
        finished_at=now,
        expires_at=now + timedelta(days=7),
        size=1000,
        stored_as=f"sample{store_layout.EXPORT}",
    ).pk


def _plain(sample_workspace: SampleWorkspace, fixtures: FixtureSet) -> None:
    """A row of each resource that has none yet."""
    for resource, _viewset in derived.plain():
        if resource not in fixtures.ids:
            body = sample_workspace.derived(f"{resource}_create", resource, fixtures)
            fixtures[resource] = sample_workspace.post(f"/api/{resource}/", body)["id"]


def _first(sample_workspace: SampleWorkspace, path: str) -> int:
    rows = sample_workspace.ask("GET", path).json()["results"]
    return int(rows[0]["id"])
