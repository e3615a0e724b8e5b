"""An invited person gets to see the apartment whose owner or tenant they are known to be."""

from __future__ import annotations

import secrets

from public_apps.accounts.invitations import links
from public_apps.accounts.models import Invitation, Role, User
from public_apps.core.schema_context import inside
from tests.core.ground import PASSWORD
from tests.tenant_api.town import Person, Town


def joined(town: Town, email: str) -> Person:
    """Invite somebody, let them accept, and return them."""
    invitation = town.manager.post("/api/invitations/", {"email": email, "role": Role.RESIDENT})
    with inside(town.schema):
        key = links.key_of(Invitation.objects.get(pk=invitation["id"]))
    body = {"key": key, "password": PASSWORD, "first_name": "Giorgos", "last_name": "Nikolaou"}
    path = "/api/invitations/accept/"
    answer = town.door.ask("POST", path, host=town.workspace.host, json=body)
    assert answer.status_code < 300, answer.text
    with inside(town.schema):
        return Person(town, User.objects.get(email__iexact=email))


def test_a_tenant_who_accepts_sees_their_apartment_and_no_other(town: Town) -> None:
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    home = town.apartments[2]
    path = f"/api/apartments/{home.pk}/"
    changed = town.manager.ask("PATCH", path, json={"tenant_email": email.upper()})
    assert changed.status_code == 200, changed.text

    giorgos = joined(town, email)

    assert [row["id"] for row in giorgos.get("/api/apartments/")["results"]] == [home.pk]
    (residency,) = giorgos.get("/api/residencies/")["results"]
    assert (residency["kind"], residency["ends_on"]) == ("tenant", None)


def test_an_apartment_that_has_its_owner_keeps_them(town: Town) -> None:
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    assert town.resident.get("/api/apartments/")["results"]  # Anna owns A1
    path = f"/api/apartments/{town.apartments[0].pk}/"
    assert town.manager.ask("PATCH", path, json={"owner_email": email}).status_code == 200

    assert joined(town, email).get("/api/apartments/")["results"] == []
    assert town.resident.get("/api/apartments/")["results"]


def test_an_address_that_nobody_knows_opens_no_apartment(town: Town) -> None:
    assert town.apartments
    stranger = joined(town, f"giorgos-{secrets.token_hex(4)}@town.example")
    assert stranger.get("/api/apartments/")["results"] == []
