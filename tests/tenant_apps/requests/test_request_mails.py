"""Who hears of what happens to a request, and what they read."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from devstack import mailbox
from public_apps.accounts.models import Role
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from tests.core.web_stack import WebStack
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace
from tests.tenant_apps.requests.test_requests import moved, opened, path_of


def sent_to(person: Person, web_stack: WebStack) -> list[EmailMessage]:
    """Send what waits for somebody, as the worker does, and return all that they got."""
    for outgoing in OutgoingMail.objects.waiting().filter(to=person.user.email):
        mail.send(mail_id=outgoing.pk)
        outgoing.refresh_from_db()
        assert outgoing.sent_at or outgoing.unwanted_at, outgoing.error
    return mailbox.mails_to(person.user.email, folder=web_stack.stack.mail_dir)


def test_a_new_status_is_mailed_to_who_opened_it_in_their_language(
    populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    with inside(populated.schema):
        populated.resident.user.language = "el"
        populated.resident.user.save()
    request = opened(populated, title="Κάτι <b>στάζει</b>")
    moved(populated.staff, request, "resolved")
    (told,) = sent_to(populated.resident, web_stack)
    text = mailbox.plain_text(told)
    assert "Κάτι <b>στάζει</b>" in text
    assert f"http://{populated.workspace.host}" in text
    assert f"/requests/{request['id']}/" in text
    page = told.get_body(("html",))
    assert page is not None
    assert "<b>" not in page.get_content()
    assert 'lang="el"' in page.get_content()


def about(request: dict[str, Any], person: Person, web_stack: WebStack) -> list[str]:
    """Return the texts of somebody's mails that lead to a request: others have theirs meanwhile."""
    texts = [mailbox.plain_text(each) for each in sent_to(person, web_stack)]
    return [text for text in texts if f"/requests/{request['id']}/" in text]


def test_a_new_request_is_mailed_to_who_manages(
    populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    assert populated.staff.user.pk
    managers = (populated.owner, populated.manager)
    request = opened(
        populated, title="It drips", description="From the ceiling.", priority="urgent"
    )
    for person in managers:
        (told,) = about(request, person, web_stack)
        for words in (
            "New request: It drips",
            "Anna",
            populated.building.name,
            "Urgent",
            "ceiling",
        ):
            assert words in told
    assert not about(request, populated.staff, web_stack)
    assert not about(request, populated.resident, web_stack)


def test_who_manages_is_not_told_of_what_another_opens(
    populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    request = opened(populated, by=populated.manager)
    assert not about(request, populated.owner, web_stack)
    assert not about(request, populated.manager, web_stack)


def test_a_new_request_that_has_somebody_before_the_mail_left_is_no_news(
    populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    body = {"person": populated.staff.user.pk}
    assigned, withdrawn = opened(populated), opened(populated)
    populated.manager.post(path_of(assigned, "assign/"), body, status=200)
    moved(populated.resident, withdrawn, "withdrawn")
    for request in (assigned, withdrawn):
        assert not about(request, populated.owner, web_stack)


def test_who_is_assigned_hears_of_it_and_of_what_follows(
    populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    caretaker = populated.person(Role.STAFF, "Kostas")
    request = opened(populated)
    body = {"person": caretaker.user.pk, "note": "Take the long ladder."}
    populated.manager.post(path_of(request, "assign/"), body, status=200)
    populated.resident.post(path_of(request, "comments/"), {"body": "It drips on the stairs."})
    populated.manager.post(path_of(request, "comments/"), {"body": "Bill her.", "internal": True})
    said = sorted(mailbox.plain_text(mail) for mail in sent_to(caretaker, web_stack))
    assert len(said) == 3
    for words in ("Take the long ladder.", "It drips on the stairs.", "Bill her."):
        assert sum(words in text for text in said) == 1
    assert not sent_to(populated.resident, web_stack)


def test_who_did_it_hears_nothing(populated: PopulatedWorkspace, web_stack: WebStack) -> None:
    request = opened(populated)
    populated.resident.post(path_of(request, "comments/"), {"body": "Never mind."})
    moved(populated.resident, request, "withdrawn")
    assert not sent_to(populated.resident, web_stack)


def test_of_two_changes_before_the_mail_left_only_the_last_is_told(
    populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    request = opened(populated)
    moved(populated.staff, request, "in_progress")
    moved(populated.staff, request, "rejected")
    (told,) = sent_to(populated.resident, web_stack)
    assert "Rejected" in mailbox.plain_text(told)


def test_somebody_who_was_let_go_hears_nothing(
    populated: PopulatedWorkspace, web_stack: WebStack
) -> None:
    request = opened(populated)
    moved(populated.staff, request, "in_progress")
    with inside(populated.schema):
        populated.resident.user.is_active = False
        populated.resident.user.save()
    assert not sent_to(populated.resident, web_stack)
