"""A workspace with people of every role and a building, for whoever tests the tenant API."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from typing import Any

import requests
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import inside
from tenant_apps.buildings import actions
from tenant_apps.buildings.models import Apartment, Building
from tests.core.web_stack import PASSWORD, HttpClient, Workspace, create_workspace, left_as_found

LONG_AGO = date(2020, 1, 1)
SHARED = "town"
SHARED_OWNER = f"eleni@{SHARED}.example"
_KEPT = ("email", "password", "role", "is_active", "first_name", "last_name", "language")
_STANDING: dict[tuple[str, Role], Person] = {}


@cache
def _shared_workspace() -> Workspace:
    return create_workspace(SHARED)


@dataclass
class Person:
    """Somebody of the workspace, signed in by the API."""

    populated: PopulatedWorkspace
    user: User
    kept: dict[str, Any] = field(default_factory=dict)  # what no test may change of standing people

    @cached_property
    def token(self) -> str:
        """The session token, from a sign-in with the password."""
        answer = self.populated.http_client.ask(
            "POST",
            "/_allauth/app/v1/auth/login",
            host=self.populated.workspace.host,
            json={"email": self.user.email, "password": PASSWORD},
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["meta"]["session_token"])

    def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **kwargs: Any
    ) -> requests.Response:
        """Send a request with this person's token."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        host = self.populated.workspace.host
        return self.populated.http_client.ask(method, path, host=host, headers=sent, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Any:
        """Return the JSON of a GET that must succeed."""
        answer = self.ask("GET", path, **kwargs)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, *, status: int = 201, **kwargs: Any) -> Any:
        """Return the JSON of a POST that must answer with this status."""
        answer = self.ask("POST", path, json={} if body is None else body, **kwargs)
        assert answer.status_code == status, answer.text
        return answer.json()


@dataclass
class PopulatedWorkspace:
    """One workspace: Eleni owns it, Nikos manages, Maria is staff; Anna lives in A1, Petros in A2.

    Making a workspace takes seconds, so towns share one and those three; each town has a building
    and residents of its own. A test that needs the workspace to itself brings one.
    """

    http_client: HttpClient
    workspace: Workspace = field(default_factory=_shared_workspace)

    @property
    def schema(self) -> str:
        """The schema to be `inside` of."""
        return str(self.workspace.tenant.schema_name)

    @cached_property
    def owner(self) -> Person:
        """Eleni."""
        return self._standing(Role.OWNER, self._first_owner)

    @cached_property
    def manager(self) -> Person:
        """Nikos."""
        return self._standing(Role.MANAGER, lambda: self.person(Role.MANAGER, "Nikos"))

    @cached_property
    def staff(self) -> Person:
        """Maria."""
        return self._standing(Role.STAFF, lambda: self.person(Role.STAFF, "Maria"))

    @cached_property
    def resident(self) -> Person:
        """Anna, who owns A1."""
        return self._living_in(self.apartments[0], "Anna")

    @cached_property
    def neighbour(self) -> Person:
        """Petros, who owns A2."""
        return self._living_in(self.apartments[1], "Petros")

    @cached_property
    def building(self) -> Building:
        """A building of four apartments with 1000 mills: 400, 300, 200, 100."""
        with inside(self.schema):
            return actions.add_building(
                name=f"Olive {secrets.token_hex(3)}", address="Elaion 4, Athens"
            )

    @cached_property
    def apartments(self) -> list[Apartment]:
        """A1 to A4."""
        with inside(self.schema):
            return [
                actions.add_apartment(
                    tenant=self.workspace.tenant,
                    building=self.building,
                    number=f"A{number}",
                    floor=number,
                    mills=mills,
                )
                for number, mills in enumerate((400, 300, 200, 100), start=1)
            ]

    def person(self, role: Role, name: str = "Somebody") -> Person:
        """Add somebody of a role."""
        with inside(self.schema):
            user = User.objects.create_user(
                f"{name.lower()}-{secrets.token_hex(4)}@town.example",
                PASSWORD,
                first_name=name,
                role=role,
            )
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return Person(self, user)

    def _first_owner(self) -> Person:
        with inside(self.schema):
            return Person(self, User.objects.get(email=self.workspace.owner))

    def _standing(self, role: Role, make: Callable[[], Person]) -> Person:
        known = _STANDING.get((self.schema, role))
        if known is None:
            # At the web stack's own web server: one that hashes in earnest would hash the password anew,
            # and the next sign-in there once more, which ends every session before it.
            known = Person(replace(self, http_client=self.http_client.home), make().user)
            assert known.token  # signing in may hash the password anew
            known.kept = _as_they_are(known)
            _STANDING[self.schema, role] = known
        person = Person(self, known.user)
        person.token = known.token
        return person

    def _living_in(self, apartment: Apartment, name: str) -> Person:
        person = self.person(Role.RESIDENT, name)
        with inside(self.schema):
            actions.add_residency(
                apartment=apartment, user=person.user, kind="owner", starts_on=LONG_AGO
            )
        return person


@left_as_found
def standing_people() -> Iterator[str]:
    """Name the people of shared towns whom a test has changed or signed out, and mend it.

    Otherwise the tests after it would fail for what it did.
    """
    for (schema, role), person in [*_STANDING.items()]:
        if person.populated.workspace.owner != SHARED_OWNER:
            continue  # a workspace of one test's own
        with inside(schema):
            now = _as_they_are(person)
            if now == person.kept:
                continue
            User.objects.filter(pk=person.user.pk).update(
                **{name: person.kept[name] for name in _KEPT}
            )
        del _STANDING[schema, role]
        changed = [name for name in person.kept if now.get(name) != person.kept[name]]
        yield f"the shared town's {role}: {', '.join(changed)}"


def _as_they_are(person: Person) -> dict[str, Any]:
    """Return what tests rely on of somebody's row, and whether their sign-in still holds."""
    with inside(person.populated.schema):
        user = User.objects.filter(pk=person.user.pk).first()
        signed_in = Session.objects.filter(session_key=person.token).exists()
    return {**{name: getattr(user, name, None) for name in _KEPT}, "signed in": signed_in}


def queries_of(populated: PopulatedWorkspace, path: str) -> int:
    """Return how many queries a GET by the manager takes, in this process; it must succeed.

    The least of three: now and then a request notes beside its work that somebody was here.
    """
    return min(_queries_once(populated, path) for _ in range(3))


def _queries_once(populated: PopulatedWorkspace, path: str) -> int:
    client = Client(
        headers={"Host": populated.workspace.host, "X-Session-Token": populated.manager.token}
    )
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return len(captured)
