"""Reading what the outbox promised to somebody: no worker runs here, so the test sends it."""

from __future__ import annotations

import re
from email.message import EmailMessage

from devstack import mailbox
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from tests.core.web_stack import WebStack


def deliver(web_stack: WebStack, address: str) -> list[EmailMessage]:
    """Send what is due for an address and return all its mails, oldest first."""
    due = OutgoingMail.objects.waiting().filter(to__iexact=address)
    for promised in due.order_by("pk"):
        mail.send(mail_id=promised.pk)
        promised.refresh_from_db()
        assert promised.sent_at or promised.unwanted_at, promised.error
    return mailbox.mails_to(address, folder=web_stack.stack.mail_dir)


def link_in(letter: EmailMessage, host: str, path: str) -> str:
    """Return the last part of the link below `path` at this host; text and HTML hold the same."""
    html = letter.get_body(("html",))
    assert html is not None
    found = re.search(
        rf"http://{re.escape(host)}:\d+{path}([^/\s\"]+)/", mailbox.plain_text(letter)
    )
    assert found, mailbox.plain_text(letter)
    assert found[0] in html.get_content()
    return found[1]
