"""Who acts is looked at under the lock: whoever was let go a moment ago does nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests
from django.db import connection, transaction

from public_apps.accounts.members import actions
from public_apps.accounts.models import Invitation, InvitationState, Role, User
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from tenant_apps.announcements.models import Announcement
from tests.customer import until
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

NEWS = {"title": "Water off", "body": "From nine to ten."}
# Not pg_stat_activity: within a transaction that stays as it was at the first look.
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def populated(own_populated: PopulatedWorkspace) -> PopulatedWorkspace:
    """Each of these tests changes who may do what."""
    return own_populated


def waiting() -> int:
    """Return how many sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        (count,) = cursor.fetchone()
    return int(count)


@contextmanager
def meanwhile(
    populated: PopulatedWorkspace, deed: Callable[[], object]
) -> Iterator[Callable[[list[Callable[[], requests.Response]]], list[requests.Response]]]:
    """Do a deed, and commit it once everything that is asked in the block waits for it."""
    answers: list[Future[requests.Response]] = []
    with ThreadPoolExecutor(8) as pool:

        def ask(asked: list[Callable[[], requests.Response]]) -> list[requests.Response]:
            with inside(populated.schema), transaction.atomic():
                deed()
                answers.extend(pool.submit(each) for each in asked)
                until(
                    lambda: waiting() >= len(asked),
                    otherwise=lambda: f"{waiting()} wait, {[each.done() for each in answers]}",
                    within=20,
                )
            return [answer.result() for answer in answers]

        yield ask


def test_whoever_was_let_go_a_moment_ago_changes_nobody_any_more(
    populated: PopulatedWorkspace,
) -> None:
    second, heir = populated.person(Role.OWNER, "Vera"), populated.manager.user.pk
    guest = {"email": "in@town.example", "role": "owner"}
    assert second.token

    def dismiss() -> None:
        actions.deactivate(member=second.user, by=populated.owner.user)

    with meanwhile(populated, dismiss) as ask:
        answers = ask(
            [
                lambda: second.ask("POST", f"/api/members/{heir}/transfer-ownership/"),
                lambda: second.ask("POST", "/api/invitations/", json=guest),
                lambda: second.ask("PATCH", "/api/me/", json={"first_name": "Still here"}),
            ]
        )
    assert [answer.status_code for answer in answers] == [403] * 3
    with inside(populated.schema):
        gone = User.objects.get(pk=second.user.pk)
        assert (gone.is_active, gone.role, gone.first_name) == (False, "owner", "Vera")
        assert User.objects.get(pk=heir).role == Role.MANAGER
        assert not Invitation.objects.filter(email=guest["email"]).exists()


def test_nor_works_by_hand_or_by_key(populated: PopulatedWorkspace) -> None:
    second = populated.person(Role.OWNER, "Vera")
    machine = second.post("/api/keys/", {"name": "door", "role": "manager"})["key"]
    by_key = {"Authorization": f"Bearer {machine}"}

    def dismiss() -> None:
        actions.deactivate(member=second.user, by=populated.owner.user)

    with meanwhile(populated, dismiss) as ask:
        answers = ask(
            [
                lambda: second.ask("POST", "/api/announcements/", json=NEWS),
                lambda: second.ask("POST", "/api/announcements/", json=NEWS, headers=by_key),
                lambda: second.ask("POST", "/api/exports/", json={}),
            ]
        )
    assert [answer.status_code for answer in answers] == [403] * 3
    with inside(populated.schema):
        assert not Announcement.objects.filter(title=NEWS["title"]).exists()


def test_another_role_counts_from_its_own_moment(populated: PopulatedWorkspace) -> None:
    person = populated.person(Role.MANAGER, "Kostas")
    assert person.token

    def demote() -> None:
        actions.change(member=person.user, by=populated.owner.user, role=Role.RESIDENT)

    with meanwhile(populated, demote) as ask:
        (answer,) = ask([lambda: person.ask("POST", "/api/announcements/", json=NEWS)])
    assert answer.status_code == 403
    assert "changed a moment ago" in answer.json()["detail"]


def test_a_dismissal_waits_for_what_somebody_has_begun(populated: PopulatedWorkspace) -> None:
    person = populated.person(Role.MANAGER, "Kostas")
    path = f"/api/members/{person.user.pk}/deactivate/"
    assert populated.owner.token

    def begin() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM accounts_user WHERE id = %s FOR KEY SHARE", [person.user.pk]
            )

    with meanwhile(populated, begin) as ask:
        (answer,) = ask([lambda: populated.owner.ask("POST", path)])
    assert answer.status_code == 200


def state_of(invitation: int, populated: PopulatedWorkspace) -> str:
    """Return where an invitation stands."""
    with inside(populated.schema):
        return Invitation.objects.get(pk=invitation).state


def invited_by(person: Person, role: str) -> int:
    """Have somebody invited, and return the invitation."""
    body = {"email": f"{role}-of-{person.user.pk}@town.example", "role": role}
    return int(person.post("/api/invitations/", body)["id"])


def test_open_invitations_of_who_leaves_are_revoked(populated: PopulatedWorkspace) -> None:
    manager = populated.person(Role.MANAGER, "Kostas")
    theirs = invited_by(manager, "staff")
    others = invited_by(populated.owner, "manager")
    populated.owner.post(f"/api/members/{manager.user.pk}/deactivate/", status=200)
    assert state_of(theirs, populated) == InvitationState.REVOKED
    assert state_of(others, populated) == InvitationState.OPEN
    with inside(populated.schema):
        [told] = Entry.objects.filter(action="invitation.revoked")
    assert (told.actor, told.detail) == (
        populated.owner.user.email, {"invited_by": manager.user.email},
    )  # fmt: skip


def test_who_gets_a_lower_role_keeps_the_invitations_that_it_could_give(
    populated: PopulatedWorkspace,
) -> None:
    manager = populated.person(Role.MANAGER, "Kostas")
    staff, resident = invited_by(manager, "staff"), invited_by(manager, "resident")
    path = f"/api/members/{manager.user.pk}/"
    assert populated.owner.ask("PATCH", path, json={"role": "staff"}).status_code == 200
    assert state_of(staff, populated) == InvitationState.REVOKED
    assert state_of(resident, populated) == InvitationState.OPEN
