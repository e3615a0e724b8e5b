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
from tests.core.web_stack import PASSWORD, WebStack, create_workspace
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

INVITATIONS = "/api/invitations/"
ACCEPT = f"{INVITATIONS}accept/"
NAMES = {"first_name": "Giorgos", "last_name": "Nikolaou"}


def invited(populated: PopulatedWorkspace, **more: Any) -> dict[str, Any]:
    """Let the owner invite Giorgos, and return the invitation."""
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    answer: dict[str, Any] = populated.owner.post(
        INVITATIONS, {"email": email, "role": "resident", **more}
    )
    return answer


def key_for(populated: PopulatedWorkspace, invitation: dict[str, Any]) -> str:
    """Return the key that the newest mail would hold."""
    with inside(populated.schema):
        return links.key_of(Invitation.objects.get(pk=invitation["id"]))


def accept(
    populated: PopulatedWorkspace, key: str, *, host: str = "", **more: Any
) -> requests.Response:
    """Join by the API, with a key and no sign-in."""
    body = {"key": key, "password": PASSWORD, **NAMES, **more}
    return populated.http_client.ask(
        "POST", ACCEPT, host=host or populated.workspace.host, json=body
    )


def change(populated: PopulatedWorkspace, invitation: dict[str, Any], **fields: Any) -> None:
    """Change the row as only time would."""
    with inside(populated.schema):
        Invitation.objects.filter(pk=invitation["id"]).update(**fields)


def submit(populated: PopulatedWorkspace, key: str, **more: str) -> requests.Response:
    """Send the form of the link's page."""
    host = populated.workspace.host
    csrf = populated.http_client.ask("GET", "/accounts/login/", host=host).cookies["csrf"]
    data = {"csrfmiddlewaretoken": csrf, "password": PASSWORD, **NAMES, **more}
    path = f"/accounts/invitation/{key}/"
    return populated.http_client.ask(
        "POST", path, host=host, data=data, headers={"Cookie": f"csrf={csrf}"}
    )


def test_the_mail_leads_to_a_page_that_makes_a_member_once(
    web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    invitation = invited(populated, role="staff", first_name="Giorgos", language="el")
    (letter,) = deliver(web_stack, invitation["email"])
    assert "Eleni Papadaki" in mailbox.plain_text(letter)
    key = link_in(letter, populated.workspace.host, "/accounts/invitation/")
    path = f"/accounts/invitation/{key}/"
    for method in ("GET", "HEAD", "GET"):  # as people and mail scanners do
        page = populated.http_client.ask(method, path, host=populated.workspace.host)
        assert page.status_code == 200
        assert "no-store" in page.headers["Cache-Control"]
    assert invitation["email"] in page.text
    weak = submit(populated, key, password="1234567890")
    assert weak.status_code == 200
    assert 'aria-invalid="true"' in weak.text
    joined = submit(populated, key)
    assert joined.status_code == 302
    with inside(populated.schema):
        member = User.objects.get(email=invitation["email"])
    assert (member.role, member.first_name, member.is_staff) == ("staff", "Giorgos", False)
    assert Person(populated, member).get("/api/me/")["email"] == member.email
    assert submit(populated, key).status_code == 410
    assert populated.http_client.ask("GET", path, host=populated.workspace.host).status_code == 410


def test_the_api_shows_the_invitation_and_makes_the_member(populated: PopulatedWorkspace) -> None:
    invitation = invited(populated)
    key = key_for(populated, invitation)
    host = populated.workspace.host
    shown = populated.http_client.ask(
        "POST", f"{INVITATIONS}preview/", host=host, json={"key": key}
    ).json()
    assert (shown["email"], shown["role"]) == (invitation["email"], "resident")
    assert shown["organization"] == populated.workspace.tenant.name
    assert accept(populated, key, password="short").json()["errors"]["password"]
    done = accept(populated, key)
    assert (done.status_code, done.json()) == (201, {"email": invitation["email"]})
    assert accept(populated, key).status_code == 410
    after = populated.owner.get(f"{INVITATIONS}{invitation['id']}/")
    assert (after["state"], after["member"] is not None) == ("accepted", True)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda populated, it: populated.owner.post(f"{INVITATIONS}{it['id']}/revoke/", status=200),
        lambda populated, it: change(populated, it, expires_at=timezone.now()),
    ],
    ids=["revoked", "over"],
)
def test_a_link_that_is_over_opens_nothing(populated: PopulatedWorkspace, spoil: Any) -> None:
    invitation = invited(populated)
    key = key_for(populated, invitation)
    spoil(populated, invitation)
    assert accept(populated, key).status_code == 410
    assert submit(populated, key).status_code == 410


def test_a_new_mail_has_a_new_link_and_the_old_one_is_dead(
    web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    invitation = invited(populated)
    again = f"{INVITATIONS}{invitation['id']}/resend/"
    old = key_for(populated, invitation)
    assert populated.owner.ask("POST", again).status_code == 409, "a moment after the first"
    change(populated, invitation, mailed_at=timezone.now() - actions.SHORTEST_GAP)
    populated.owner.post(again, status=200)
    letters = deliver(web_stack, invitation["email"])
    assert len(letters) == 1, "the first was not sent yet: it would only lead astray"
    new = link_in(letters[0], populated.workspace.host, "/accounts/invitation/")
    assert accept(populated, old).status_code == 410
    assert accept(populated, new).status_code == 201
    assert populated.owner.ask("POST", again).status_code == 409


def test_a_key_is_worthless_elsewhere_changed_or_made_up(own_populated: PopulatedWorkspace) -> None:
    populated = own_populated
    invitation = invited(populated)
    key = key_for(populated, invitation)
    other = PopulatedWorkspace(populated.http_client, create_workspace())
    assert invited(other)["id"] == invitation["id"]
    for wrong in (
        f"{key[:-1]}0" if key[-1] != "0" else f"{key[:-1]}1",
        "1-",
        "1-x",
        "-",
        "é",
        "9" * 90,
    ):
        assert accept(populated, wrong).status_code == 410, wrong
    assert accept(populated, key, host=other.workspace.host).status_code == 410
    assert accept(populated, key, host="localhost").status_code == 404
    assert accept(populated, key).status_code == 201


def test_the_database_does_not_hold_the_key(populated: PopulatedWorkspace) -> None:
    invitation = invited(populated)
    key = key_for(populated, invitation)
    with inside(populated.schema):
        row = Invitation.objects.filter(pk=invitation["id"]).values().get()
    assert key.partition("-")[2] not in str(row)


def test_one_address_has_one_open_invitation_and_no_member_is_invited(
    populated: PopulatedWorkspace,
) -> None:
    invitation = invited(populated)
    again = {"email": invitation["email"].upper(), "role": "resident"}
    assert populated.owner.ask("POST", INVITATIONS, json=again).status_code == 409
    change(populated, invitation, expires_at=timezone.now() - timedelta(days=1))
    populated.owner.post(INVITATIONS, again)
    member = {"email": populated.staff.user.email.upper(), "role": "resident"}
    refused = populated.owner.ask("POST", INVITATIONS, json=member)
    assert (refused.status_code, "email" in refused.json()["errors"]) == (409, True)


def test_people_invite_below_themselves_only(populated: PopulatedWorkspace) -> None:
    for role in ("owner", "manager"):
        body = {"email": f"x-{secrets.token_hex(3)}@town.example", "role": role}
        assert populated.manager.ask("POST", INVITATIONS, json=body).status_code == 403
        assert populated.owner.ask("POST", INVITATIONS, json=body).status_code == 201
    above = invited(populated, role="manager")["id"]
    for verb in ("resend", "revoke"):
        assert populated.manager.ask("POST", f"{INVITATIONS}{above}/{verb}/").status_code == 403
    for nobody in (populated.staff, populated.resident):
        body = {"email": "x@town.example", "role": "resident"}
        assert nobody.ask("POST", INVITATIONS, json=body).status_code == 403
        assert nobody.ask("GET", INVITATIONS).status_code == 403


def test_of_many_who_use_one_link_at_once_one_joins(populated: PopulatedWorkspace) -> None:
    invitation = invited(populated)
    key = key_for(populated, invitation)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: accept(populated, key).status_code, range(4)))
    assert sorted(answers) == [201, 410, 410, 410]


def test_of_many_who_invite_one_address_at_once_one_does(populated: PopulatedWorkspace) -> None:
    assert populated.owner.token
    body = {"email": f"x-{secrets.token_hex(4)}@town.example", "role": "resident"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda _: populated.owner.ask("POST", INVITATIONS, json=body).status_code, range(4)
            )
        )
    assert sorted(answers) == [201, 409, 409, 409]


def test_others_act_on_an_acceptance_in_its_transaction(populated: PopulatedWorkspace) -> None:
    seen: list[tuple[str, str]] = []

    @hooks.when_accepted
    def refuse_the_uninvited(invitation: Invitation, member: User) -> None:
        seen.append((invitation.email, member.email))
        raise RuntimeError("no room")

    invitation = invited(populated)
    key = key_for(populated, invitation)
    try:
        with inside(populated.schema), pytest.raises(RuntimeError):
            actions.accept(key=key, password=PASSWORD, **NAMES)
    finally:
        hooks._joined.remove(refuse_the_uninvited)
    assert seen == [(invitation["email"], invitation["email"])]
    with inside(populated.schema):
        assert not User.objects.filter(email=invitation["email"]).exists()
        assert links.find(key) is not None


def test_strangers_may_not_try_keys_out_without_end(populated: PopulatedWorkspace) -> None:
    answers = {accept(populated, f"1-{number}").status_code for number in range(35)}
    assert answers == {410, 429}


def test_the_same_request_twice_invites_once(populated: PopulatedWorkspace) -> None:
    body = {"email": f"x-{secrets.token_hex(4)}@town.example", "role": "resident"}
    sent = {"Idempotency-Key": secrets.token_hex(8)}
    first = populated.owner.ask("POST", INVITATIONS, json=body, headers=sent)
    again = populated.owner.ask("POST", INVITATIONS, json=body, headers=sent)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert first.json()["role"] == Role.RESIDENT
