"""An invited person gets to see the apartment whose owner or tenant they are known to be."""

from __future__ import annotations

import secrets

from public_apps.accounts.invitations import links
from public_apps.accounts.models import Invitation, Role, User
from public_apps.core.schema_context import inside
from tests.core.web_stack import PASSWORD
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace


def joined(populated: PopulatedWorkspace, email: str) -> Person:
    """Invite somebody, let them accept, and return them."""
    invitation = populated.manager.post(
        "/api/invitations/", {"email": email, "role": Role.RESIDENT}
    )
    with inside(populated.schema):
        key = links.key_of(Invitation.objects.get(pk=invitation["id"]))
    body = {"key": key, "password": PASSWORD, "first_name": "Giorgos", "last_name": "Nikolaou"}
    path = "/api/invitations/accept/"
    answer = populated.http_client.ask("POST", path, host=populated.workspace.host, json=body)
    assert answer.status_code < 300, answer.text
    with inside(populated.schema):
        return Person(populated, User.objects.get(email__iexact=email))


def test_a_tenant_who_accepts_sees_their_apartment_and_no_other(
    populated: PopulatedWorkspace,
) -> None:
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    home = populated.apartments[2]
    path = f"/api/apartments/{home.pk}/"
    changed = populated.manager.ask("PATCH", path, json={"tenant_email": email.upper()})
    assert changed.status_code == 200, changed.text

    giorgos = joined(populated, email)

    assert [row["id"] for row in giorgos.get("/api/apartments/")["results"]] == [home.pk]
    (residency,) = giorgos.get("/api/residencies/")["results"]
    assert (residency["kind"], residency["ends_on"]) == ("tenant", None)


def test_an_apartment_that_has_its_owner_keeps_them(populated: PopulatedWorkspace) -> None:
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    assert populated.resident.get("/api/apartments/")["results"]  # Anna owns A1
    path = f"/api/apartments/{populated.apartments[0].pk}/"
    assert populated.manager.ask("PATCH", path, json={"owner_email": email}).status_code == 200

    assert joined(populated, email).get("/api/apartments/")["results"] == []
    assert populated.resident.get("/api/apartments/")["results"]


def test_an_address_that_nobody_knows_opens_no_apartment(populated: PopulatedWorkspace) -> None:
    assert populated.apartments
    stranger = joined(populated, f"giorgos-{secrets.token_hex(4)}@town.example")
    assert stranger.get("/api/apartments/")["results"] == []
