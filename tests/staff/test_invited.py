"""A new colleague comes to a password by a link in a mail, and to rights by a group."""

from __future__ import annotations

import re
import secrets

from django.contrib.auth.models import Group

from devstack import mailbox
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from tests.core.web_stack import HttpClient, WebStack
from tests.customer import until
from tests.staff.desk import PASSWORD, Desk, colleague, member_of

LINK = re.compile(r"/admin/(choose-password/[^\s/]+/)")


def link_for(web_stack: WebStack, email: str) -> str:
    """Send the mail that is promised, and return where its link leads."""
    mail.send(
        mail_id=OutgoingMail.objects.filter(to=email, kind="staff_invitation").latest("pk").pk
    )
    folder = web_stack.stack.mail_dir
    newest = until(lambda: mailbox.mails_to(email, folder=folder))[-1]
    found = LINK.search(mailbox.plain_text(newest))
    assert found
    return found[1]


def test_a_colleague_is_invited_chooses_a_password_and_signs_in(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    operator, _person = member_of(http_client, "operator")
    email = f"maria-{secrets.token_hex(4)}@staff.example"
    support = Group.objects.get(name="support")
    added = operator.submit(
        "accounts/user/add/", email=email, first_name="Maria", last_name="P", is_active="on",
        is_staff="on", groups=support.pk,
    )  # fmt: skip
    assert added.status_code == 302, added.text
    assert not User.objects.get(email=email).has_usable_password()

    link = link_for(web_stack, email)
    maria = Desk(web_stack.http_client())
    weak = maria.submit(link, password1="short", password2="short")
    assert weak.status_code == 200
    chosen = maria.submit(link, password1=PASSWORD, password2=PASSWORD)
    assert chosen.headers["Location"] == "/admin/login/"
    assert maria.get(link).status_code == 410
    assert maria.sign_in(email).headers["Location"] == "/admin/"
    assert maria.get("tenants/tenant/").status_code == 200
    assert maria.get("accounts/user/").status_code == 403


def test_a_link_opens_nothing_on_a_tenants_host(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    anna = colleague()
    operator, _person = member_of(http_client, "operator")
    assert operator.submit(f"accounts/user/{anna.pk}/send-link/").status_code == 302
    link = link_for(web_stack, anna.email)
    key = link.split("/")[1]
    for path in (f"/admin/{link}", f"/accounts/set-password/{key}/"):
        assert http_client.ask("GET", path, host=web_stack.acme.host).status_code in {404, 410}


def test_nobody_below_lets_somebody_in_as_one_who_may_do_everything(
    http_client: HttpClient,
) -> None:
    above = colleague(is_superuser=True)
    operator, _person = member_of(http_client, "operator")
    for deed in ("send-link", "reset-second-factor"):
        assert operator.get(f"accounts/user/{above.pk}/{deed}/").status_code == 403, deed
    page = operator.get(f"accounts/user/{above.pk}/change/")
    assert 'name="_save"' not in page.text
