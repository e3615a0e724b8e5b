"""Who hears of what happens to a request, and what they read."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from devstack import mailbox
from public_apps.accounts.models import Role
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from tests.core.ground import Ground
from tests.tenant_api.town import Person, Town
from tests.tenant_apps.requests.test_requests import moved, opened, path_of


def sent_to(person: Person, ground: Ground) -> list[EmailMessage]:
    """Send what waits for somebody, as the worker does, and return all that they got."""
    for outgoing in OutgoingMail.objects.waiting().filter(to=person.user.email):
        mail.send(mail_id=outgoing.pk)
        outgoing.refresh_from_db()
        assert outgoing.sent_at or outgoing.unwanted_at, outgoing.error
    return mailbox.mails_to(person.user.email, folder=ground.stack.mail_dir)


def test_a_new_status_is_mailed_to_who_opened_it_in_their_language(
    town: Town, ground: Ground
) -> None:
    with inside(town.schema):
        town.resident.user.language = "el"
        town.resident.user.save()
    request = opened(town, title="Κάτι <b>στάζει</b>")
    moved(town.staff, request, "resolved")
    (told,) = sent_to(town.resident, ground)
    text = mailbox.plain_text(told)
    assert "Κάτι <b>στάζει</b>" in text
    assert f"http://{town.workspace.host}" in text
    assert f"/requests/{request['id']}/" in text
    page = told.get_body(("html",))
    assert page is not None
    assert "<b>" not in page.get_content()
    assert 'lang="el"' in page.get_content()


def about(request: dict[str, Any], person: Person, ground: Ground) -> list[str]:
    """Return the texts of somebody's mails that lead to a request: others have theirs meanwhile."""
    texts = [mailbox.plain_text(each) for each in sent_to(person, ground)]
    return [text for text in texts if f"/requests/{request['id']}/" in text]


def test_a_new_request_is_mailed_to_who_manages(town: Town, ground: Ground) -> None:
    assert town.staff.user.pk
    managers = (town.owner, town.manager)
    request = opened(town, title="It drips", description="From the ceiling.", priority="urgent")
    for person in managers:
        (told,) = about(request, person, ground)
        for words in ("New request: It drips", "Anna", town.building.name, "Urgent", "ceiling"):
            assert words in told
    assert not about(request, town.staff, ground)
    assert not about(request, town.resident, ground)


def test_who_manages_is_not_told_of_what_another_opens(town: Town, ground: Ground) -> None:
    request = opened(town, by=town.manager)
    assert not about(request, town.owner, ground)
    assert not about(request, town.manager, ground)


def test_a_new_request_that_has_somebody_before_the_mail_left_is_no_news(
    town: Town, ground: Ground
) -> None:
    body = {"person": town.staff.user.pk}
    assigned, withdrawn = opened(town), opened(town)
    town.manager.post(path_of(assigned, "assign/"), body, status=200)
    moved(town.resident, withdrawn, "withdrawn")
    for request in (assigned, withdrawn):
        assert not about(request, town.owner, ground)


def test_who_is_assigned_hears_of_it_and_of_what_follows(town: Town, ground: Ground) -> None:
    caretaker = town.person(Role.STAFF, "Kostas")
    request = opened(town)
    body = {"person": caretaker.user.pk, "note": "Take the long ladder."}
    town.manager.post(path_of(request, "assign/"), body, status=200)
    town.resident.post(path_of(request, "comments/"), {"body": "It drips on the stairs."})
    town.manager.post(path_of(request, "comments/"), {"body": "Bill her.", "internal": True})
    said = sorted(mailbox.plain_text(mail) for mail in sent_to(caretaker, ground))
    assert len(said) == 3
    for words in ("Take the long ladder.", "It drips on the stairs.", "Bill her."):
        assert sum(words in text for text in said) == 1
    assert not sent_to(town.resident, ground)


def test_who_did_it_hears_nothing(town: Town, ground: Ground) -> None:
    request = opened(town)
    town.resident.post(path_of(request, "comments/"), {"body": "Never mind."})
    moved(town.resident, request, "withdrawn")
    assert not sent_to(town.resident, ground)


def test_of_two_changes_before_the_mail_left_only_the_last_is_told(
    town: Town, ground: Ground
) -> None:
    request = opened(town)
    moved(town.staff, request, "in_progress")
    moved(town.staff, request, "rejected")
    (told,) = sent_to(town.resident, ground)
    assert "Rejected" in mailbox.plain_text(told)


def test_somebody_who_was_let_go_hears_nothing(town: Town, ground: Ground) -> None:
    request = opened(town)
    moved(town.staff, request, "in_progress")
    with inside(town.schema):
        town.resident.user.is_active = False
        town.resident.user.save()
    assert not sent_to(town.resident, ground)
