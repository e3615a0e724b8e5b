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
from tests.tenant_api.town import Person, Town

MEMBERS = "/api/members/"


@pytest.fixture
def town(own_town: Town) -> Town:
    """Each of these tests changes who may do what, or counts what there is."""
    return own_town


def at(person: Person, verb: str = "") -> str:
    """Return the address of a member, or of something that is done with them."""
    return f"{MEMBERS}{person.user.pk}/{verb and f'{verb}/'}"


def now(person: Person) -> User:
    """Return somebody's row as it is now."""
    with inside(person.town.schema):
        return User.objects.get(pk=person.user.pk)


def test_staff_see_everybody_and_residents_only_themselves(town: Town) -> None:
    everybody = {
        town.owner.user.pk,
        town.manager.user.pk,
        town.staff.user.pk,
        town.resident.user.pk,
    }
    for person in (town.owner, town.manager, town.staff):
        assert {row["id"] for row in person.get(MEMBERS)["results"]} == everybody
    assert [row["id"] for row in town.resident.get(MEMBERS)["results"]] == [town.resident.user.pk]
    assert town.resident.ask("GET", at(town.owner)).status_code == 404
    assert "password" not in str(town.owner.get(at(town.staff)))


@pytest.mark.parametrize("query", ["role=king", "state=asleep", "page_size=0&role=king"])
def test_a_filter_that_means_nothing_is_refused(town: Town, query: str) -> None:
    answer = town.owner.ask("GET", f"{MEMBERS}?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_members_are_found_by_role_state_and_name(town: Town) -> None:
    for person in (town.manager, town.staff):
        assert person.user.is_active
    found = town.owner.get(f"{MEMBERS}?role=staff&search=mar&state=active")["results"]
    assert [row["id"] for row in found] == [town.staff.user.pk]


def test_a_manager_changes_whom_they_stand_above_and_nobody_else(town: Town) -> None:
    peer = town.person(Role.MANAGER)
    change = {"role": "staff", "first_name": "Anni"}
    answer = town.manager.ask("PATCH", at(town.resident), json=change)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["role"], now(town.resident).first_name) == ("staff", "Anni")
    for person, body in [
        (town.owner, {"first_name": "x"}),
        (peer, {"role": "resident"}),
        (town.manager, {"role": "owner"}),
        (town.staff, {"role": "owner"}),
        (town.staff, {"role": "manager"}),
    ]:
        refused = town.manager.ask("PATCH", at(person), json=body)
        assert refused.status_code == 403, (person, body)
        assert now(person).role == person.user.role
    for verb in ("deactivate", "reactivate", "transfer-ownership"):
        assert town.manager.ask("POST", at(town.owner, verb)).status_code == 403


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "email", "is_active", "password"])
def test_nothing_but_names_and_roles_can_be_written(town: Town, field: str) -> None:
    before = getattr(now(town.staff), field)
    town.owner.ask("PATCH", at(town.staff), json={field: True, "first_name": "Mary"})
    assert getattr(now(town.staff), field) == before
    assert now(town.staff).first_name == "Mary"


def test_whoever_is_deactivated_is_out_at_once_and_for_good(town: Town) -> None:
    manager = town.manager
    key = manager.post("/api/keys/", {"name": "meter", "role": "manager"})["key"]
    machine = {"Authorization": f"Bearer {key}"}
    host = town.workspace.host
    assert town.door.ask("GET", "/api/me/", host=host, headers=machine).status_code == 200
    answer = town.owner.post(at(manager, "deactivate"), status=200)
    assert answer["is_active"] is False
    assert manager.ask("GET", "/api/me/").status_code == 401
    assert town.door.ask("GET", "/api/me/", host=host, headers=machine).status_code == 401
    town.owner.post(at(manager, "reactivate"), status=200)
    assert manager.ask("GET", "/api/me/").status_code == 401, "the old token stays dead"
    assert town.door.ask("GET", "/api/me/", host=host, headers=machine).status_code == 401
    del manager.token
    assert manager.ask("GET", "/api/me/").status_code == 200, "a new sign-in works"


def test_anybody_can_leave_but_nobody_without_rank_lets_others_go(town: Town) -> None:
    for person in (town.staff, town.resident):
        assert person.ask("POST", at(town.owner, "deactivate")).status_code in {403, 404}
        person.post(at(person, "deactivate"), status=200)
        assert not now(person).is_active


def test_the_last_owner_can_neither_leave_nor_step_down(town: Town) -> None:
    assert town.owner.ask("POST", at(town.owner, "deactivate")).status_code == 409
    refused = town.owner.ask("PATCH", at(town.owner), json={"role": "manager"})
    assert refused.status_code == 409
    second = town.person(Role.OWNER)
    town.owner.post(at(second, "deactivate"), status=200)
    assert town.owner.ask("POST", at(town.owner, "deactivate")).status_code == 409
    assert now(town.owner).is_active


def test_of_two_owners_who_let_each_other_go_at_once_one_stays(town: Town) -> None:
    first, second = town.owner, town.person(Role.OWNER)
    assert first.token
    assert second.token
    pairs = [(first, second), (second, first)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda pair: pair[0].ask("POST", at(pair[1], "deactivate")), pairs))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    with inside(town.schema):
        assert User.objects.filter(role=Role.OWNER, is_active=True).count() == 1


def test_of_two_owners_who_step_down_at_once_one_stays(town: Town) -> None:
    """The second asks while the first has stepped down and not committed yet."""
    first, second = town.owner, town.person(Role.OWNER)
    assert second.token
    pool = ThreadPoolExecutor(1)
    with inside(town.schema), transaction.atomic():
        actions.change(member=first.user, by=first.user, role=Role.MANAGER)
        asking = pool.submit(second.ask, "PATCH", at(second), json={"role": "manager"})
        assert wait([asking], timeout=2).not_done, "it waits for the first"
    assert asking.result(20).status_code == 409
    pool.shutdown()
    assert [now(one).role for one in (first, second)] == ["manager", "owner"]


def test_handing_over_makes_a_new_owner_and_is_written_down(town: Town) -> None:
    heir = town.manager
    town.owner.post(at(heir, "transfer-ownership"), status=200)
    assert (now(heir).role, now(town.owner).role) == ("owner", "manager")
    assert Tenant.objects.get(schema_name=town.schema).owner_email == heir.user.email
    with inside(town.schema):
        entry = Entry.objects.get(action="workspace.handed_over")
        assert (entry.actor, entry.target) == (town.owner.user.email, heir.user.email)
    assert town.owner.ask("POST", at(heir, "transfer-ownership")).status_code == 403


def test_nobody_overwrites_a_change_that_they_have_not_seen(town: Town) -> None:
    seen = town.owner.ask("GET", at(town.staff)).headers["ETag"]
    sent = {"If-Match": seen}
    assert town.owner.ask("PATCH", at(town.staff), json={"role": "resident"}, headers=sent).ok
    late = town.manager.ask("PATCH", at(town.staff), json={"role": "staff"}, headers=sent)
    assert late.status_code == 412
    assert now(town.staff).role == "resident"
    again = town.owner.ask("GET", at(town.staff), headers={"If-None-Match": seen})
    assert again.status_code == 200
    assert again.headers["ETag"] != seen
