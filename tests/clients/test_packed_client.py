"""The packed client in a strict project of somebody else's, against the running API."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailConfirmation

from public_apps.accounts import password_links
from public_apps.accounts.invitations import links
from public_apps.accounts.models import Invitation, Role
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from tests.clients.npm import Project
from tests.core.web_stack import PASSWORD, HttpClient, create_workspace
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace
from tests.tenant_apps.files import samples
from tests.tenant_apps.finances import month


@pytest.fixture
def populated(http_client: HttpClient) -> PopulatedWorkspace:
    """A workspace of its own with people of every role: these stories change who they are."""
    return PopulatedWorkspace(http_client, create_workspace())


def tell(stories: Project, story: str, person: Person, *, token: str = "", **more: str) -> Any:
    """Run a story in which the site speaks for this person."""
    populated = person.populated
    return stories.tell(
        story,
        baseUrl=populated.http_client.url,
        tenantHost=populated.workspace.host,
        address=populated.http_client.address,
        email=person.user.email,
        password=PASSWORD,
        token=token,
        **more,
    )


def test_a_strict_browser_project_compiles_with_its_types(project: Project) -> None:
    project.compile("tsconfig.browser.json")


def test_lists_are_read_to_their_end_by_the_same_way_whatever_host_their_links_name(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    for name in ("Ash", "Beech", "Cedar"):
        populated.manager.post(
            "/api/buildings/", {"name": f"{name} {populated.http_client.address}", "address": "A"}
        )
    every = populated.manager.get("/api/buildings/?ordering=name&page_size=200")["results"]
    found = tell(stories, "lists", populated.manager, token=populated.manager.token)
    assert found["rows"] == [row["name"] for row in every]
    assert found["whole"] == len(every)
    asked = [urlsplit(url) for url in found["asked"]]
    assert {f"{url.scheme}://{url.netloc}{url.path}" for url in asked} == {
        f"{populated.http_client.url}/api/buildings/"
    }
    assert {parse_qs(url.query)["ordering"][0] for url in asked} == {"name"}
    assert "cursor" not in asked[-1].query
    assert len(asked) == 2 * -(-len(every) // 2) + 1


def test_a_change_is_refused_once_somebody_was_faster(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    token, building = populated.manager.token, str(populated.building.pk)
    found = tell(stories, "versions", populated.manager, token=token, building=building)
    assert found == {
        "status": 412, "code": "changed-meanwhile", "changed": True, "notes": "again",
    }  # fmt: skip


def test_a_post_whose_answer_is_lost_is_sent_again_and_counts_once(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    name = f"Oak {populated.http_client.address}"
    found = tell(stories, "repeated", populated.manager, token=populated.manager.token, name=name)
    assert found == {"sent": 4, "status": 201, "replayed": "true", "same": True}
    rows = populated.manager.get("/api/buildings/?page_size=200")["results"]
    assert [row["name"] for row in rows].count(name) == 1


def test_bodies_are_texts_or_bytes_whose_length_is_known(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    found = tell(stories, "sent", populated.staff, png=base64.b64encode(samples.PNG).decode())
    assert [(each["url"], each["body"]) for each in found] == [
        ("string", "string"), ("string", "string"), ("string", "bytes"), ("string", "undefined"),
    ]  # fmt: skip
    assert all("x-tenant-host" in each["headers"] for each in found)
    assert all("x-forwarded-for" in each["headers"] for each in found)


def test_calls_that_meet_an_ended_session_sign_in_once_and_go_through(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    found = tell(stories, "renewed", populated.owner, name=f"Elm {populated.http_client.address}")
    assert found == {"renewals": 1, "statuses": [200, 201, 200]}


def test_a_refusal_says_what_it_is_and_which_field(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    found = tell(stories, "refused", populated.manager, token=populated.manager.token)
    assert found["field"] == {
        "status": 400, "invalid": True, "message": "This field may not be blank.",
    }  # fmt: skip
    assert found["password"]["status"] == 400
    assert found["password"]["code"] == "email_password_mismatch"
    assert not found["greek"].isascii(), "said in Greek"
    assert found["nobody"] == 401


def test_a_second_factor_is_set_up_and_asked_for(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    person = populated.person(Role.STAFF, "Sofia")
    assert tell(stories, "secondFactor", person) == {
        "url": "otpauth://totp/", "total": 10, "left": 10, "half": None, "wrong": [400, 1],
        "entered": "signed-in", "who": person.user.email,
    }  # fmt: skip


def test_what_is_delicate_takes_a_proof_first(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    person = populated.person(Role.STAFF, "Sofia")
    wanted = f"new-{person.user.email}"
    found = tell(stories, "reauthenticated", person, token=person.token, newEmail=wanted)
    assert found == {"status": 401, "ways": ["password"], "wrong": 400, "waiting": [wanted]}

    with inside(populated.schema):
        key = EmailConfirmation.objects.get(email_address__email=wanted).key
    confirmed = tell(stories, "confirmed", person, token=person.token, key=key)
    assert confirmed["again"] == 400
    assert confirmed["addresses"] == [{"email": wanted, "verified": True, "primary": True}]


def test_a_password_is_set_by_its_link_changed_and_asked_for_anew(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    person = populated.person(Role.STAFF, "Sofia")
    with inside(populated.schema):
        person.user.set_unusable_password()
        person.user.save()
        key = password_links.new_key(person.user)
    found = tell(stories, "passwords", person, key=key)
    assert found == {"spent": 400, "still": 200, "old": 400, "next": "signed-in", "left": True}
    assert OutgoingMail.objects.filter(to=person.user.email).exists()


def test_somebody_invited_joins_and_signs_in(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    email = f"maria-{populated.http_client.address}@town.example"
    said = {"email": email, "role": "staff", "first_name": "Maria"}
    invitation = populated.owner.post("/api/invitations/", said)["id"]
    with inside(populated.schema):
        key = links.key_of(Invitation.objects.get(pk=invitation))
    found = tell(stories, "invited", populated.owner, key=key)
    assert found == {"invited": email, "joined": email, "spent": 410, "state": "signed-in"}


def test_a_file_goes_up_and_comes_back_under_its_name(
    stories: Project, populated: PopulatedWorkspace
) -> None:
    period = str(month.draft(populated).pk)
    png = base64.b64encode(samples.PNG).decode()
    token = populated.manager.token
    found = tell(stories, "files", populated.manager, token=token, period=period, png=png)
    size = len(samples.PNG)
    assert found == {
        "name": "Ο λογαριασμός του ανελκυστήρα.png", "type": "image/png",  # noqa: RUF001 - Greek
        "size": size, "got": size, "kind": "image/png", "missing": 404,
    }  # fmt: skip


def test_waiting_comes_to_an_end(stories: Project, populated: PopulatedWorkspace) -> None:
    found = tell(stories, "late", populated.staff)
    assert found == ["TimeoutError", "TimeoutError", "AbortError"]
