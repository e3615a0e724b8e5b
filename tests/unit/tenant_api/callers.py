"""Everybody who may knock at the tenant API, each with what they bring and the rows that they name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import requests
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import in_public, inside
from public_apps.tenants import suspension
from staff.impersonation import start
from tenant_apps.buildings.models import Residency
from tests.core.web_stack import PASSWORD, HttpClient
from tests.tenant_api.sample_workspace import FixtureSet, SampleWorkspace
from tests.tenant_apps.files import samples
from tests.unit.undoing import undone

LONG_AGO = date(2020, 1, 1)


@dataclass(frozen=True)
class Caller:
    """Who asks: with which headers, about which rows, and of a workspace in which state."""

    name: str
    headers: dict[str, str]
    fixtures: FixtureSet
    bodies: dict[str, Any] = field(default_factory=dict)  # where theirs are others than the owner's
    at_suspended: bool = False
    is_owner: bool = False


@dataclass
class Person:
    """A member who has signed in a moment ago, and has made a key for a machine."""

    workspace: SampleWorkspace
    email: str
    token: str = ""

    def __post_init__(self) -> None:
        answer = self.workspace.http_client.ask(
            "POST", "/_allauth/app/v1/auth/login", host=self.workspace.host,
            json={"email": self.email, "password": PASSWORD},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["meta"]["session_token"]

    @property
    def headers(self) -> dict[str, str]:
        """What shows who this is."""
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, path: str, body: Any = None, **kwargs: Any) -> dict[str, Any]:
        """Return the JSON of a POST that must succeed."""
        sent = kwargs or {"json": body}
        answer = self.workspace.http_client.ask(
            "POST", path, host=self.workspace.host, headers=self.headers, **sent
        )
        assert answer.ok, (path, answer.text)
        made: dict[str, Any] = answer.json()
        return made

    def key(self, role: Role) -> dict[str, Any]:
        """Make a key in one's own role."""
        return self.post("/api/keys/", {"name": self.workspace.words(role), "role": role})

    def upload(self) -> str:
        """Upload a file that waits to be attached; return its id."""
        return str(self.post("/api/files/", files={"file": ("lift.png", samples.PNG)})["id"])


class Callers:
    """A furnished workspace, and everybody who asks there."""

    def __init__(self, http_client: HttpClient) -> None:
        self.http_client = http_client
        self.workspace = SampleWorkspace(http_client)
        self.elsewhere = SampleWorkspace(http_client)
        self.fixtures = self.workspace.furnish()
        self.petros_home = self.workspace.post(
            "/api/apartments/", {"building": self.fixtures["second building"], "number": "B2"}
        )["id"]
        with inside(self.workspace.schema):  # who lives here, as Anna does, is assigned no work
            owner = User.objects.get(email=self.workspace.workspace.owner)
        self.bodies = {"requests_assign_create": {"person": owner.pk}}

    @property
    def host(self) -> str:
        """Where all of them ask."""
        return self.workspace.host

    def __iter__(self) -> Iterator[Caller]:
        yield Caller("nobody", {}, self.fixtures)
        yield from self._owner()
        yield from self._manager()
        yield from self._staff()
        yield from self._residents()
        yield from self._foreigners()
        yield from self._gone()
        yield from self._support()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Suspend the workspace in the block."""
        with undone(), in_public(), transaction.atomic():
            locked = suspension.lock(self.workspace.workspace.tenant.pk)
            suspension.set_access(locked, suspended=True, reason="unpaid", cause="the test")
            yield

    # --- Who asks -------------------------------------------------------------------------------

    def _owner(self) -> Iterator[Caller]:
        eleni = Person(self.workspace, self.workspace.workspace.owner)
        key = _bearing(eleni.key(Role.OWNER))
        yield Caller("owner", eleni.headers, self.fixtures, is_owner=True)
        cookie = f"{settings.SESSION_COOKIE_NAME}={eleni.token}"
        yield Caller("cookie", {"Cookie": cookie}, self.fixtures)
        yield Caller("owner-key", key, self.fixtures)
        yield Caller("suspended", eleni.headers, self.fixtures, at_suspended=True, is_owner=True)
        yield Caller("suspended-key", key, self.fixtures, at_suspended=True)

    def _manager(self) -> Iterator[Caller]:
        nikos = self.person(Role.MANAGER, "nikos")
        key = nikos.key(Role.MANAGER)
        own = self._rows_of(nikos, keys=key["id"])
        yield Caller("manager", nikos.headers, own)
        yield Caller("manager-key", _bearing(key), own)

    def _staff(self) -> Iterator[Caller]:
        maria = self.person(Role.STAFF, "maria")
        key = maria.key(Role.STAFF)
        said = {"title": "Paint", "body": "Wet.", "building": self.fixtures["buildings"]}
        told = maria.post("/api/announcements/", said)["id"]
        own = self._rows_of(maria, keys=key["id"], announcements=told)
        yield Caller("staff", maria.headers, own)
        yield Caller("colleague", maria.headers, self.fixtures)
        yield Caller("staff-key", _bearing(key), own)

    def _residents(self) -> Iterator[Caller]:
        """Anna, whose rows these are (A1 is hers), and Petros, who lives in another building."""
        with inside(self.workspace.schema):
            anna_is = User.objects.get(pk=self.fixtures["members"])
            anna_is.role = Role.RESIDENT
            anna_is.save()
        anna = Person(self.workspace, anna_is.email)
        key = anna.key(Role.RESIDENT)
        own = self._rows_of(anna, keys=key["id"], attachments=anna.upload())
        asked = {
            "building": own["buildings"], "title": "The lift", "category": "lift",
            "files": [own["attachments"]],
        }  # fmt: skip
        own["requests"] = anna.post("/api/requests/", asked)["id"]
        anna.post(f"/api/requests/{own['requests']}/comments/", {"body": "Since Monday."})
        ballot = {"apartment": own["apartments"], "choice": own["choice"]}
        bodies = {
            "votes_ballots_create": ballot,
            "requests_transitions_create": {"status": "withdrawn", "note": "It goes again."},
        }
        yield Caller("resident", anna.headers, own, bodies)
        yield Caller("resident-key", _bearing(key), own, bodies)
        yield Caller("suspended-resident", anna.headers, own, bodies, at_suspended=True)
        petros = self.person(Role.RESIDENT, "petros")
        self._moves_in("petros", self.petros_home)
        yield Caller("neighbour", petros.headers, self.fixtures)

    def _foreigners(self) -> Iterator[Caller]:
        """The owner of another workspace, by session and by key."""
        other = Person(self.elsewhere, self.elsewhere.workspace.owner)
        yield Caller("foreign", other.headers, self.fixtures)
        yield Caller("foreign-key", _bearing(other.key(Role.OWNER)), self.fixtures)

    def _gone(self) -> Iterator[Caller]:
        """A manager who was let go a moment ago."""
        thanos = self.person(Role.MANAGER, "thanos")
        key = _bearing(thanos.key(Role.MANAGER))
        with inside(self.workspace.schema):
            pk = User.objects.get(email=thanos.email).pk
        self.workspace.post(f"/api/members/{pk}/deactivate/")
        yield Caller("gone", thanos.headers, self.fixtures)
        yield Caller("gone-key", key, self.fixtures)

    def _support(self) -> Iterator[Caller]:
        """One of our staff in the owner's name, as they come by the admin's form."""
        with in_public():
            anna = User.objects.create_user("anna@ours.example", is_staff=True)
            _row, token = start.request_impersonation(
                tenant=self.workspace.workspace.tenant, by=anna, reason="asked by phone",
                person_email=self.workspace.workspace.owner,
            )  # fmt: skip
        entered = self.http_client.ask(
            "POST", "/support/enter/", host=self.host, data={"token": token}
        )
        assert entered.status_code == 302, entered.text
        session = str(entered.cookies[settings.SESSION_COOKIE_NAME])
        headers = {"Authorization": f"Bearer {session}"}
        yield Caller("support", headers, self.fixtures)
        yield Caller("support-suspended", headers, self.fixtures, at_suspended=True)

    # --- What they have -------------------------------------------------------------------------

    def person(self, role: Role, name: str) -> Person:
        """Return a member of this role, signed in."""
        email = f"{name}@{self.workspace.mark}.example"
        with inside(self.workspace.schema):
            user = User.objects.create_user(email, PASSWORD, role=role, first_name=name)
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
        return Person(self.workspace, email)

    def _moves_in(self, name: str, apartment: int) -> None:
        with inside(self.workspace.schema):
            user = User.objects.get(first_name=name)
            Residency.objects.create(
                apartment_id=apartment, user=user, kind="owner", starts_on=LONG_AGO
            )

    def _rows_of(self, person: Person, **rows: Any) -> FixtureSet:
        """Return the workspace's rows, with this person's own where only they may touch them."""
        uploads = ("files", "file of expense", "file of request", "file of older request")
        own = {name: person.upload() for name in uploads}
        return replace(self.fixtures, ids={**self.fixtures.ids, **own, **rows})


def _bearing(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['key']}"}


def told(answer: requests.Response) -> str:
    """Say what was answered: the status, or that a list has no row for whoever asks."""
    if answer.status_code == 200 and "json" in answer.headers.get("Content-Type", ""):
        found = answer.json()
        rows = found.get("results") if isinstance(found, dict) else found
        if rows == []:
            return "empty"
    return str(answer.status_code)
