"""Members: who sees whom, who may change whom, and that a workspace always keeps an owner."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from django.db import transaction

from public_apps.accounts.members import actions
from public_apps.accounts.models import Role, User
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

MEMBERS = "/api/members/"


@pytest.fixture
def populated(own_populated: PopulatedWorkspace) -> PopulatedWorkspace:
    """Each of these tests changes who may do what, or counts what there is."""
    return own_populated


def at(person: Person, verb: str = "") -> str:
    """Return the address of a member, or of something that is done with them."""
    return f"{MEMBERS}{person.user.pk}/{verb and f'{verb}/'}"


def now(person: Person) -> User:
    """Return somebody's row as it is now."""
    with inside(person.populated.schema):
        return User.objects.get(pk=person.user.pk)


def test_staff_see_everybody_and_residents_only_themselves(populated: PopulatedWorkspace) -> None:
    everybody = {
        populated.owner.user.pk,
        populated.manager.user.pk,
        populated.staff.user.pk,
        populated.resident.user.pk,
    }
    for person in (populated.owner, populated.manager, populated.staff):
        assert {row["id"] for row in person.get(MEMBERS)["results"]} == everybody
    assert [row["id"] for row in populated.resident.get(MEMBERS)["results"]] == [
        populated.resident.user.pk
    ]
    assert populated.resident.ask("GET", at(populated.owner)).status_code == 404
    assert "password" not in str(populated.owner.get(at(populated.staff)))


@pytest.mark.parametrize("query", ["role=king", "state=asleep", "page_size=0&role=king"])
def test_a_filter_that_means_nothing_is_refused(populated: PopulatedWorkspace, query: str) -> None:
    answer = populated.owner.ask("GET", f"{MEMBERS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_members_are_found_by_role_state_and_name(populated: PopulatedWorkspace) -> None:
    for person in (populated.manager, populated.staff):
        assert person.user.is_active
    found = populated.owner.get(f"{MEMBERS}?role=staff&search=mar&state=active")["results"]
    assert [row["id"] for row in found] == [populated.staff.user.pk]


def test_a_manager_changes_whom_they_stand_above_and_nobody_else(
    populated: PopulatedWorkspace,
) -> None:
    peer = populated.person(Role.MANAGER)
    change = {"role": "staff", "first_name": "Anni"}
    answer = populated.manager.ask("PATCH", at(populated.resident), json=change)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["role"], now(populated.resident).first_name) == ("staff", "Anni")
    for person, body in [
        (populated.owner, {"first_name": "x"}),
        (peer, {"role": "resident"}),
        (populated.manager, {"role": "owner"}),
        (populated.staff, {"role": "owner"}),
        (populated.staff, {"role": "manager"}),
    ]:
        refused = populated.manager.ask("PATCH", at(person), json=body)
        assert refused.status_code == 403, (person, body)
        assert now(person).role == person.user.role
    for verb in ("deactivate", "reactivate", "transfer-ownership"):
        assert populated.manager.ask("POST", at(populated.owner, verb)).status_code == 403


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "email", "is_active", "password"])
def test_nothing_but_names_and_roles_can_be_written(
    populated: PopulatedWorkspace, field: str
) -> None:
    before = getattr(now(populated.staff), field)
    populated.owner.ask("PATCH", at(populated.staff), json={field: True, "first_name": "Mary"})
    assert getattr(now(populated.staff), field) == before
    assert now(populated.staff).first_name == "Mary"


def test_whoever_is_deactivated_is_out_at_once_and_for_good(populated: PopulatedWorkspace) -> None:
    manager = populated.manager
    key = manager.post("/api/keys/", {"name": "meter", "role": "manager"})["key"]
    machine = {"Authorization": f"Bearer {key}"}
    host = populated.workspace.host
    assert (
        populated.http_client.ask("GET", "/api/me/", host=host, headers=machine).status_code == 200
    )
    answer = populated.owner.post(at(manager, "deactivate"), status=200)
    assert answer["is_active"] is False
    assert manager.ask("GET", "/api/me/").status_code == 401
    assert (
        populated.http_client.ask("GET", "/api/me/", host=host, headers=machine).status_code == 401
    )
    populated.owner.post(at(manager, "reactivate"), status=200)
    assert manager.ask("GET", "/api/me/").status_code == 401, "the old token stays dead"
    assert (
        populated.http_client.ask("GET", "/api/me/", host=host, headers=machine).status_code == 401
    )
    del manager.token
    assert manager.ask("GET", "/api/me/").status_code == 200, "a new sign-in works"


def test_anybody_can_leave_but_nobody_without_rank_lets_others_go(
    populated: PopulatedWorkspace,
) -> None:
    for person in (populated.staff, populated.resident):
        assert person.ask("POST", at(populated.owner, "deactivate")).status_code in {403, 404}
        person.post(at(person, "deactivate"), status=200)
        assert not now(person).is_active


def test_the_last_owner_can_neither_leave_nor_step_down(populated: PopulatedWorkspace) -> None:
    assert populated.owner.ask("POST", at(populated.owner, "deactivate")).status_code == 409
    refused = populated.owner.ask("PATCH", at(populated.owner), json={"role": "manager"})
    assert refused.status_code == 409
    second = populated.person(Role.OWNER)
    populated.owner.post(at(second, "deactivate"), status=200)
    assert populated.owner.ask("POST", at(populated.owner, "deactivate")).status_code == 409
    assert now(populated.owner).is_active


def test_of_two_owners_who_let_each_other_go_at_once_one_stays(
    populated: PopulatedWorkspace,
) -> None:
    first, second = populated.owner, populated.person(Role.OWNER)
    assert first.token
    assert second.token
    pairs = [(first, second), (second, first)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].ask("POST", at(pair[1], "deactivate")), pairs))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    with inside(populated.schema):
        assert User.objects.filter(role=Role.OWNER, is_active=True).count() == 1


def test_of_two_owners_who_step_down_at_once_one_stays(populated: PopulatedWorkspace) -> None:
    """The second asks while the first has stepped down and not committed yet."""
    first, second = populated.owner, populated.person(Role.OWNER)
    assert second.token
    pool = ThreadPoolExecutor(1)
    with inside(populated.schema), transaction.atomic():
        actions.change(member=first.user, by=first.user, role=Role.MANAGER)
        asking = pool.submit(second.ask, "PATCH", at(second), json={"role": "manager"})
        assert wait([asking], timeout=2).not_done, "it waits for the first"
    assert asking.result(20).status_code == 409
    pool.shutdown()
    assert [now(one).role for one in (first, second)] == ["manager", "owner"]


def test_handing_over_makes_a_new_owner_and_is_written_down(populated: PopulatedWorkspace) -> None:
    heir = populated.manager
    populated.owner.post(at(heir, "transfer-ownership"), status=200)
    assert (now(heir).role, now(populated.owner).role) == ("owner", "manager")
    assert Tenant.objects.get(schema_name=populated.schema).owner_email == heir.user.email
    with inside(populated.schema):
        entry = Entry.objects.get(action="workspace.handed_over")
        assert (entry.actor, entry.target) == (populated.owner.user.email, heir.user.email)
    assert populated.owner.ask("POST", at(heir, "transfer-ownership")).status_code == 403


def test_nobody_overwrites_a_change_that_they_have_not_seen(populated: PopulatedWorkspace) -> None:
    seen = populated.owner.ask("GET", at(populated.staff)).headers["ETag"]
    sent = {"If-Match": seen}
    assert populated.owner.ask(
        "PATCH", at(populated.staff), json={"role": "resident"}, headers=sent
    ).ok
    late = populated.manager.ask("PATCH", at(populated.staff), json={"role": "staff"}, headers=sent)
    assert late.status_code == 412
    assert now(populated.staff).role == "resident"
    again = populated.owner.ask("GET", at(populated.staff), headers={"If-None-Match": seen})
    assert again.status_code == 200
    assert again.headers["ETag"] != seen
