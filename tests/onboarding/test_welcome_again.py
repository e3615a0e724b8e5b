"""The welcome mail again, by API: where it helps, to the owner alone, and telling nobody whether."""

from __future__ import annotations

import uuid

import requests
from django.db.models import QuerySet
from django.utils import timezone

from devstack import mailbox
from public_apps.accounts.models import User
from public_apps.audit.models import Entry
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.onboarding import welcome
from public_apps.onboarding.models import Signup
from public_apps.onboarding.open_workspace import open_workspace
from tests.core.web_stack import HttpClient, WebStack
from tests.customer import LINK
from tests.onboarding.orders import ordered

RESET = "/_allauth/app/v1/auth/password/reset"


def bought(*, ready: bool = True) -> Signup:
    """Return a sign-up that is paid, its first mail sent some time ago."""
    signup = ordered(paid=True, checkout_session_id=f"cs_{uuid.uuid4().hex}")
    if ready:
        open_workspace(signup=signup)
    some_time_passes(signup)
    signup.refresh_from_db()
    return signup


def some_time_passes(signup: Signup) -> None:
    """Let the last mail be older than the shortest gap."""
    long_ago = timezone.now() - 2 * welcome.SHORTEST_GAP
    promised(signup).update(created_at=long_ago)


def promised(signup: Signup) -> QuerySet[OutgoingMail]:
    """Return the welcome mails of a sign-up."""
    return OutgoingMail.objects.filter(kind=welcome.KIND, key__startswith=f"{signup.pk}:")


def ask(http_client: HttpClient, signup: Signup) -> requests.Response:
    """Ask for another mail."""
    path = f"/api/billing/checkout/{signup.checkout_session_id}/welcome-mail/"
    return http_client.ask("POST", path)


def test_another_mail_brings_a_link_that_works_and_so_does_the_one_before(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    signup = bought()
    answer = ask(http_client, signup)
    assert answer.status_code == 202
    for personal in (signup.email, signup.first_name, signup.organization):
        assert personal not in answer.text
    first, second = promised(signup).order_by("pk")
    assert second.to == signup.email
    (entry,) = Entry.objects.filter(target_id=str(signup.tenant_id), action="tenant.welcome_resent")
    assert entry.actor == "buyer"

    for outgoing in (first, second):
        mail.send(mail_id=outgoing.pk)
    mails = mailbox.mails_to(signup.email, folder=web_stack.stack.mail_dir)
    links = [LINK.search(mailbox.plain_text(each)) for each in mails]
    keys = [link[1] for link in links if link]
    assert len(keys) == 2
    assert signup.tenant is not None
    host = signup.tenant.primary_domain
    for key in reversed(keys):
        looked = http_client.ask("GET", RESET, host=host, headers={"X-Password-Reset-Key": key})
        assert looked.status_code == 200, looked.text


def test_nothing_is_sent_where_it_would_not_help_and_the_answer_is_the_same(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    helped, waiting, settled, soon = bought(), bought(ready=False), bought(), bought()
    assert settled.tenant is not None
    with inside(settled.tenant.schema_name):
        owner = User.objects.get(email=settled.email)
        owner.set_password("a-quiet-courtyard-42")
        owner.save()
    ask(http_client, soon)
    answers = [ask(http_client, each) for each in (helped, waiting, settled, soon)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    counts = [promised(each).count() for each in (helped, waiting, settled, soon)]
    assert counts == [2, 0, 1, 2]


def test_a_purchase_that_nobody_made_is_not_found(http_client: HttpClient) -> None:
    answer = http_client.ask("POST", "/api/billing/checkout/cs_nobody/welcome-mail/")
    assert answer.status_code == 404


def test_three_an_hour_are_sent_for_a_purchase_from_wherever_they_are_asked_for(
    web_stack: WebStack,
) -> None:
    signup = bought()
    statuses = []
    for _ in range(4):
        some_time_passes(signup)
        answer = ask(web_stack.http_client(), signup)
        statuses.append(answer.status_code)
    assert statuses == [202, 202, 202, 429]
    assert int(answer.headers["Retry-After"]) > 60
    assert promised(signup).count() == 4
