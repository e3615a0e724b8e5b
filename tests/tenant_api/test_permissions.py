"""The table of permissions against the served API: role by endpoint, and one's own by others'."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from public_apps.accounts import permissions
from public_apps.accounts.api_keys import actions as machine_keys
from public_apps.accounts.models import Role
from public_apps.accounts.permissions import Scope, scope_for
from public_apps.core.schema_context import inside
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.tenant_api.endpoints import Endpoint, endpoints
from tests.tenant_api.objects import OBJECTS
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

ALL = endpoints()
PEOPLE: dict[Role, Callable[[PopulatedWorkspace], Person]] = {
    Role.OWNER: lambda populated: populated.owner,
    Role.MANAGER: lambda populated: populated.manager,
    Role.STAFF: lambda populated: populated.staff,
    Role.RESIDENT: lambda populated: populated.resident,
}


def body_for(endpoint: Endpoint) -> dict[str, str] | None:
    """Return a body that says nothing."""
    return None if endpoint.method in {"GET", "DELETE"} else {}


def asked_by(person: Person, endpoint: Endpoint, pk: object = None) -> int:
    """Return the status that somebody gets at an endpoint."""
    return told(person, endpoint, pk)[0]


def told(person: Person, endpoint: Endpoint, pk: object = None) -> tuple[int, str]:
    """Return status and text of what somebody gets at an endpoint."""
    answer = person.ask(endpoint.method, endpoint.path(pk), json=body_for(endpoint))
    assert answer.status_code < 500, (endpoint, answer.text)
    return answer.status_code, answer.text


def test_every_action_has_a_row_and_every_row_an_action() -> None:
    assert {each.operation for each in ALL} == set(permissions.operations())


@pytest.mark.parametrize("role", Role)
def test_a_role_gets_through_where_the_table_says_so_and_nowhere_else(
    populated: PopulatedWorkspace, role: Role
) -> None:
    """Asked for a row that is not there: whoever may never do it hears 403, all others 404."""
    person = PEOPLE[role](populated)
    wrong = {}
    for endpoint in ALL:
        status = asked_by(person, endpoint)
        allowed = scope_for(role=role, operation=endpoint.operation) is not Scope.NONE
        refused = status == 403
        missing = endpoint.is_about_a_row and allowed and status not in {400, 404, 405}
        if allowed == refused or missing:
            wrong[f"{endpoint.method} {endpoint.route}"] = status
    assert wrong == {}


def test_a_key_of_the_highest_role_does_not_reach_what_takes_a_person(
    populated: PopulatedWorkspace,
) -> None:
    with inside(populated.schema):
        _row, key = machine_keys.make(user=populated.owner.user, name="doors", role=Role.OWNER)
    machine = Person(populated, populated.owner.user)
    machine.token = key
    refused = {each.operation for each in ALL if asked_by(machine, each) in {401, 403}}
    assert refused == permissions._FOR_PEOPLE_ONLY


def test_without_a_token_of_this_workspace_there_is_no_way_in(
    web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    foreign = web_stack.http_client().token(web_stack.acme)
    host = populated.workspace.host
    for endpoint in ALL:
        for headers in ({}, {"Authorization": f"Bearer {foreign}"}):
            answer = populated.http_client.ask(
                endpoint.method, endpoint.path(), host=host, headers=headers,
                json=body_for(endpoint),
            )  # fmt: skip
            assert answer.status_code == 401, (endpoint, headers)
            assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_public_host_has_none_of_it(web_stack: WebStack, populated: PopulatedWorkspace) -> None:
    for endpoint in ALL:
        headers = {"Authorization": f"Bearer {populated.owner.token}"}
        answer = populated.http_client.ask(
            endpoint.method, endpoint.path(), headers=headers, json=body_for(endpoint)
        )
        assert answer.status_code == 404, endpoint


def test_every_resource_with_rows_of_ones_own_has_such_rows_here() -> None:
    """A new resource names its rows in objects.py, or its walls would go untested."""
    narrowed = {
        each.resource
        for each in ALL
        if each.is_about_a_row
        and scope_for(role=Role.RESIDENT, operation=each.operation) is Scope.OWN
    }
    assert narrowed == set(OBJECTS)


@pytest.mark.parametrize("resource", sorted(OBJECTS))
def test_a_residents_own_rows_are_there_and_others_are_not(
    populated: PopulatedWorkspace, resource: str
) -> None:
    resident = populated.resident
    own, foreign = OBJECTS[resource](populated)
    for endpoint in (each for each in ALL if each.resource == resource and each.is_about_a_row):
        if scope_for(role=Role.RESIDENT, operation=endpoint.operation) is not Scope.OWN:
            continue
        answer = told(resident, endpoint, foreign)
        assert answer[0] >= 400, endpoint
        assert answer == told(resident, endpoint), "as if it were not there"
        if endpoint.method == "GET" and endpoint.route.count("<") == 1:
            assert asked_by(resident, endpoint, own) in {200, 409}, endpoint
    listing = next((each for each in ALL if each.operation == f"{resource}.list"), None)
    if listing is not None:
        shown = [str(row["id"]) for row in resident.get(listing.path())["results"]]
        assert str(own) in shown
        assert str(foreign) not in shown


def test_the_same_id_in_another_workspace_is_another_row(
    http_client: HttpClient, populated: PopulatedWorkspace
) -> None:
    other = PopulatedWorkspace(http_client, create_workspace())
    with inside(other.schema):
        pk = other.owner.user.pk
    shown = populated.manager.ask("GET", f"/api/members/{pk}/")
    assert other.workspace.owner not in shown.text
