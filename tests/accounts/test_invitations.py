"""Invitations: one mail, one link, one member; by POST, in time, and in this workspace alone."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from devstack import mailbox
from public_apps.accounts.invitations import actions, hooks, links
from public_apps.accounts.models import Invitation, Role, User
from public_apps.core.schema_context import inside
from tests.accounts.letters import deliver, link_in
from tests.core.ground import PASSWORD, Ground, found_workspace
from tests.tenant_api.town import Person, Town

INVITATIONS = "/api/invitations/"
ACCEPT = f"{INVITATIONS}accept/"
NAMES = {"first_name": "Giorgos", "last_name": "Nikolaou"}


def invited(town: Town, **more: Any) -> dict[str, Any]:
    """Let the owner invite Giorgos, and return the invitation."""
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    answer: dict[str, Any] = town.owner.post(
        INVITATIONS, {"email": email, "role": "resident", **more}
    )
    return answer


def key_for(town: Town, invitation: dict[str, Any]) -> str:
    """Return the key that the newest mail would hold."""
    with inside(town.schema):
        return links.key_of(Invitation.objects.get(pk=invitation["id"]))


def accept(town: Town, key: str, *, host: str = "", **more: Any) -> requests.Response:
    """Join by the API, with a key and no sign-in."""
    body = {"key": key, "password": PASSWORD, **NAMES, **more}
    return town.door.ask("POST", ACCEPT, host=host or town.workspace.host, json=body)


def change(town: Town, invitation: dict[str, Any], **fields: Any) -> None:
    """Change the row as only time would."""
    with inside(town.schema):
        Invitation.objects.filter(pk=invitation["id"]).update(**fields)


def submit(town: Town, key: str, **more: str) -> requests.Response:
    """Send the form of the link's page."""
    host = town.workspace.host
    csrf = town.door.ask("GET", "/accounts/login/", host=host).cookies["csrf"]
    data = {"csrfmiddlewaretoken": csrf, "password": PASSWORD, **NAMES, **more}
    path = f"/accounts/invitation/{key}/"
    return town.door.ask("POST", path, host=host, data=data, headers={"Cookie": f"csrf={csrf}"})


def test_the_mail_leads_to_a_page_that_makes_a_member_once(ground: Ground, town: Town) -> None:
    invitation = invited(town, role="staff", first_name="Giorgos", language="el")
    (letter,) = deliver(ground, invitation["email"])
    assert "Eleni Papadaki" in mailbox.plain_text(letter)
    key = link_in(letter, town.workspace.host, "/accounts/invitation/")
    path = f"/accounts/invitation/{key}/"
    for method in ("GET", "HEAD", "GET"):  # as people and mail scanners do
        page = town.door.ask(method, path, host=town.workspace.host)
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
    assert invitation["email"] in page.text
    weak = submit(town, key, password="1234567890")
    assert weak.status_code == 200
    assert 'aria-invalid="true"' in weak.text
    joined = submit(town, key)
    assert joined.status_code == 302
    with inside(town.schema):
        member = User.objects.get(email=invitation["email"])
    assert (member.role, member.first_name, member.is_staff) == ("staff", "Giorgos", False)
    assert Person(town, member).get("/api/me/")["email"] == member.email
    assert submit(town, key).status_code == 410
    assert town.door.ask("GET", path, host=town.workspace.host).status_code == 410


def test_the_api_shows_the_invitation_and_makes_the_member(town: Town) -> None:
    invitation = invited(town)
    key = key_for(town, invitation)
    host = town.workspace.host
    shown = town.door.ask("POST", f"{INVITATIONS}preview/", host=host, json={"key": key}).json()
    assert (shown["email"], shown["role"]) == (invitation["email"], "resident")
    assert shown["organization"] == town.workspace.tenant.name
    assert accept(town, key, password="short").json()["errors"]["password"]
    done = accept(town, key)
    assert (done.status_code, done.json()) == (201, {"email": invitation["email"]})
    assert accept(town, key).status_code == 410
    after = town.owner.get(f"{INVITATIONS}{invitation['id']}/")
    assert (after["state"], after["member"] is not None) == ("accepted", True)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda town, it: town.owner.post(f"{INVITATIONS}{it['id']}/revoke/", status=200),
        lambda town, it: change(town, it, expires_at=timezone.now()),
    ],
    ids=["revoked", "over"],
)
def test_a_link_that_is_over_opens_nothing(town: Town, spoil: Any) -> None:
    invitation = invited(town)
    key = key_for(town, invitation)
    spoil(town, invitation)
    assert accept(town, key).status_code == 410
    assert submit(town, key).status_code == 410


def test_a_new_mail_has_a_new_link_and_the_old_one_is_dead(ground: Ground, town: Town) -> None:
    invitation = invited(town)
    again = f"{INVITATIONS}{invitation['id']}/resend/"
    old = key_for(town, invitation)
    assert town.owner.ask("POST", again).status_code == 409, "a moment after the first"
    change(town, invitation, mailed_at=timezone.now() - actions.SHORTEST_GAP)
    town.owner.post(again, status=200)
    letters = deliver(ground, invitation["email"])
    assert len(letters) == 1, "the first was not sent yet: it would only lead astray"
    new = link_in(letters[0], town.workspace.host, "/accounts/invitation/")
    assert accept(town, old).status_code == 410
    assert accept(town, new).status_code == 201
    assert town.owner.ask("POST", again).status_code == 409


def test_a_key_is_worthless_elsewhere_changed_or_made_up(own_town: Town) -> None:
    town = own_town
    invitation = invited(town)
    key = key_for(town, invitation)
    other = Town(town.door, found_workspace())
    assert invited(other)["id"] == invitation["id"]
    for wrong in (
        f"{key[:-1]}0" if key[-1] != "0" else f"{key[:-1]}1",
        "1-",
        "1-x",
        "-",
        "é",
        "9" * 90,
    ):
        assert accept(town, wrong).status_code == 410, wrong
    assert accept(town, key, host=other.workspace.host).status_code == 410
    assert accept(town, key, host="localhost").status_code == 404
    assert accept(town, key).status_code == 201


def test_the_database_does_not_hold_the_key(town: Town) -> None:
    invitation = invited(town)
    key = key_for(town, invitation)
    with inside(town.schema):
        row = Invitation.objects.filter(pk=invitation["id"]).values().get()
    assert key.partition("-")[2] not in str(row)


def test_one_address_has_one_open_invitation_and_no_member_is_invited(town: Town) -> None:
    invitation = invited(town)
    again = {"email": invitation["email"].upper(), "role": "resident"}
    assert town.owner.ask("POST", INVITATIONS, json=again).status_code == 409
    change(town, invitation, expires_at=timezone.now() - timedelta(days=1))
    town.owner.post(INVITATIONS, again)
    member = {"email": town.staff.user.email.upper(), "role": "resident"}
    refused = town.owner.ask("POST", INVITATIONS, json=member)
    assert (refused.status_code, "email" in refused.json()["errors"]) == (409, True)


def test_people_invite_below_themselves_only(town: Town) -> None:
    for role in ("owner", "manager"):
        body = {"email": f"x-{secrets.token_hex(3)}@town.example", "role": role}
        assert town.manager.ask("POST", INVITATIONS, json=body).status_code == 403
        assert town.owner.ask("POST", INVITATIONS, json=body).status_code == 201
    above = invited(town, role="manager")["id"]
    for verb in ("resend", "revoke"):
        assert town.manager.ask("POST", f"{INVITATIONS}{above}/{verb}/").status_code == 403
    for nobody in (town.staff, town.resident):
        body = {"email": "x@town.example", "role": "resident"}
        assert nobody.ask("POST", INVITATIONS, json=body).status_code == 403
        assert nobody.ask("GET", INVITATIONS).status_code == 403


def test_of_many_who_use_one_link_at_once_one_joins(town: Town) -> None:
    invitation = invited(town)
    key = key_for(town, invitation)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: accept(town, key).status_code, range(4)))
    assert sorted(answers) == [201, 410, 410, 410]


def test_of_many_who_invite_one_address_at_once_one_does(town: Town) -> None:
    assert town.owner.token
    body = {"email": f"x-{secrets.token_hex(4)}@town.example", "role": "resident"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: town.owner.ask("POST", INVITATIONS, json=body).status_code, range(4))
        )
    assert sorted(answers) == [201, 409, 409, 409]


def test_others_act_on_an_acceptance_in_its_transaction(town: Town) -> None:
    seen: list[tuple[str, str]] = []

    @hooks.when_accepted
    def refuse_the_uninvited(invitation: Invitation, member: User) -> None:
        seen.append((invitation.email, member.email))
        raise RuntimeError("no room")

    invitation = invited(town)
    key = key_for(town, invitation)
    try:
        with inside(town.schema), pytest.raises(RuntimeError):
            actions.accept(key=key, password=PASSWORD, **NAMES)
    finally:
        hooks._joined.remove(refuse_the_uninvited)
    assert seen == [(invitation["email"], invitation["email"])]
    with inside(town.schema):
        assert not User.objects.filter(email=invitation["email"]).exists()
        assert links.find(key) is not None


def test_strangers_may_not_try_keys_out_without_end(town: Town) -> None:
    answers = {accept(town, f"1-{number}").status_code for number in range(35)}
    assert answers == {410, 429}


def test_the_same_request_twice_invites_once(town: Town) -> None:
    body = {"email": f"x-{secrets.token_hex(4)}@town.example", "role": "resident"}
    sent = {"Idempotency-Key": secrets.token_hex(8)}
    first = town.owner.ask("POST", INVITATIONS, json=body, headers=sent)
    again = town.owner.ask("POST", INVITATIONS, json=body, headers=sent)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json()["role"] == Role.RESIDENT
