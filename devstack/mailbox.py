"""Reads the mails that the catcher kept."""

from __future__ import annotations

import email
import email.policy
import email.utils
from email.message import EmailMessage
from pathlib import Path


def mails_to(address: str, *, folder: Path) -> list[EmailMessage]:
    """Return the mails to an address, oldest first."""
    return [mail for mail in all_mails(folder) if address.lower() in _recipients(mail)]


def all_mails(folder: Path) -> list[EmailMessage]:
    """Return every mail kept in the folder, oldest first."""
    return [read(path) for path in sorted(folder.glob("*.eml"))]


def read(path: Path) -> EmailMessage:
    """Return one kept mail."""
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def plain_text(mail: EmailMessage) -> str:
    """Return the mail's text version."""
    body = mail.get_body(("plain",))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


def _recipients(mail: EmailMessage) -> set[str]:
    fields = [str(value) for name in ("to", "cc", "bcc") for value in mail.get_all(name, [])]
    return {address.lower() for _, address in email.utils.getaddresses(fields)}
