"""Bounces and complaints: reported by the mail provider, and nobody writes to that address again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import override_settings
from django.utils import timezone

from devstack import mailbox
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail, SuppressedAddress
from tests.core.web_stack import HttpClient, WebStack, another_web

POSTMARK = "/api/mail/webhook/postmark/tracking/"
USER, PASSWORD = "postmark", secrets.token_urlsafe(18)


@pytest.fixture
def told(web_stack: WebStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    """A web server that the mail provider may report to."""
    folder: Path = tmp_path_factory.mktemp("told")
    secret = f"{USER}:{PASSWORD}"
    with another_web(web_stack, folder, ANYMAIL_WEBHOOK_SECRET=secret) as http_client:
        yield http_client


def report(
    http_client: HttpClient, *, auth: tuple[str, str] | None, **event: Any
) -> requests.Response:
    """Report as Postmark does (https://postmarkapp.com/developer/webhooks/bounce-webhook)."""
    return http_client.ask("POST", POSTMARK, json=event, auth=auth)


def bounce(address: str) -> dict[str, Any]:
    """Return a hard bounce."""
    return {
        "RecordType": "Bounce", "ID": 4323372036854775807, "Type": "HardBounce", "TypeCode": 1,
        "Tag": "", "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Email": address,
        "Description": "The server was unable to deliver your message (ex: unknown user).",
        "Details": "smtp;550 5.1.1 user unknown", "BouncedAt": "2026-11-23T10:00:00Z",
        "Inactive": True, "CanActivate": True, "Subject": "Hello",
    }  # fmt: skip


def complaint(address: str) -> dict[str, Any]:
    """Return a spam complaint."""
    return {**bounce(address), "RecordType": "SpamComplaint", "Type": "SpamComplaint"}


def soft_bounce(address: str) -> dict[str, Any]:
    """Return a bounce that may pass: a full mailbox."""
    return {**bounce(address), "Type": "SoftBounce", "TypeCode": 4096, "Inactive": False}


def delivery(address: str) -> dict[str, Any]:
    """Return the news that a mail has arrived."""
    return {
        "RecordType": "Delivery", "Recipient": address, "DeliveredAt": "2026-11-23T10:00:00Z",
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Tag": "", "Details": "ok",
    }  # fmt: skip


def somebody() -> str:
    """Return an address that no other test writes to."""
    return f"Petros-{secrets.token_hex(5)}@post.example"


def test_reports_count_only_with_the_right_password(told: HttpClient, web_stack: WebStack) -> None:
    address = somebody()
    for auth in (None, (USER, "guessed"), ("postmark2", PASSWORD)):
        assert report(told, auth=auth, **bounce(address)).status_code == 400
    assert not SuppressedAddress.objects.filter(address__iexact=address).exists()
    assert report(told, auth=(USER, PASSWORD), **bounce(address)).status_code == 200
    assert report(told, auth=(USER, PASSWORD), **bounce(address.upper())).status_code == 200
    noted = SuppressedAddress.objects.get(address=address.lower())
    assert (noted.reason, noted.provider) == ("bounced", "Postmark")

    complained, full, fine = somebody(), somebody(), somebody()
    for event in (complaint(complained), soft_bounce(full), delivery(fine)):
        assert report(told, auth=(USER, PASSWORD), **event).status_code == 200
    assert SuppressedAddress.objects.get(address=complained.lower()).reason == "complained"
    for address in (full, fine):
        assert not SuppressedAddress.objects.filter(address=address.lower()).exists()


def test_without_a_secret_there_is_no_such_address(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    assert report(http_client, auth=(USER, PASSWORD), **bounce(somebody())).status_code == 404


def test_no_tenants_host_takes_reports(told: HttpClient, web_stack: WebStack) -> None:
    event = bounce(somebody())
    answer = told.ask("POST", POSTMARK, host=web_stack.acme.host, json=event, auth=(USER, PASSWORD))
    assert answer.status_code == 404


@pytest.fixture
def greeting() -> Iterator[None]:
    """A kind of mail that is always wanted."""

    @mail.composes("greeting")
    def compose(_outgoing: OutgoingMail) -> Content:
        context: dict[str, object] = {"organization": "Sunny Court", "workspace_url": "http://x/"}
        return Content(template="back_again", context=context)

    yield
    del mail._composers["greeting"]


@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend")
def test_the_outbox_gives_up_what_is_meant_for_a_suppressed_address(
    web_stack: WebStack, greeting: None
) -> None:
    address, neighbour = somebody(), somebody()
    SuppressedAddress.objects.create(address=address.lower(), reason="complained")
    for to in (address, neighbour):
        outgoing = OutgoingMail.objects.create(
            kind="greeting", key=to, to=to, next_attempt_at=timezone.now()
        )
        mail.send(mail_id=outgoing.pk)
    given_up = OutgoingMail.objects.get(to=address)
    assert given_up.failed_at is not None
    assert (given_up.sent_at, given_up.attempts) == (None, 0)
    assert "complained" in given_up.error
    assert OutgoingMail.objects.get(to=neighbour).sent_at is not None
    folder = web_stack.stack.mail_dir
    assert not mailbox.mails_to(address, folder=folder)
