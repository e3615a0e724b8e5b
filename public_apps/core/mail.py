"""Sending mail from the outbox: once per occurrence, retried until the server takes it.

A crash between the server's 250 and our commit repeats a mail; it then carries the same Message-ID,
by which mail servers and clients drop the second copy.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr

import structlog
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import Case, QuerySet, When
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import translation

from public_apps.core import clock, email_addresses, jobs, mail_words, signals
from public_apps.core.backoff import backoff
from public_apps.core.models import OutgoingMail
from public_apps.core.suppression import is_suppressed
from public_apps.core.sweeps import Sweep

log = structlog.get_logger(__name__)
JOBS = "mail"  # what the locks of mails' jobs begin with
MAX_ATTEMPTS = 40
LONGEST_WAIT = timedelta(minutes=30)
# What a refused, slow or unreachable mail server raises (smtplib's own and the socket's).
SERVER_ERRORS = (smtplib.SMTPException, OSError, AnymailError)


class NotSent(Exception):
    """The backend took a mail without a word, and sent none."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A template's name under templates/emails/ and what to fill in."""

    template: str
    context: dict[str, object]


Compose = Callable[[OutgoingMail], Content | None]
_composers: dict[str, Compose] = {}
_awaited: set[str] = set()


def composes(kind: str, *, awaited: bool = False) -> Callable[[Compose], Compose]:
    """Register what a kind of mail says; returning None means that it is no longer wanted.

    One that somebody sits and waits for overtakes all others.
    """

    def register(compose: Compose) -> Compose:
        _composers[kind] = compose
        if awaited:
            _awaited.add(kind)
        return compose

    return register


def kinds() -> list[str]:
    """Return every kind of mail that there is, sorted."""
    return sorted(_composers)


def enqueue(*, kind: str, key: str, to: str, language: str) -> OutgoingMail:
    """Promise one mail for this occurrence; asking again changes nothing. Commits with the caller."""
    mail, created = OutgoingMail.objects.get_or_create(
        kind=kind,
        key=key,
        defaults={"to": to, "language": language, "next_attempt_at": clock.now()},
    )
    if created:
        enqueue_job(mail)
    return mail


def enqueue_job(mail: OutgoingMail) -> None:
    """Enqueue a mail's job unless it is waiting."""
    rank = jobs.AWAITED_MAIL if mail.kind in _awaited else jobs.MAIL
    jobs.defer_once("core.send_mail", lock=f"{JOBS}:{mail.pk}", rank=rank, mail_id=mail.pk)


@transaction.atomic
def send(*, mail_id: int) -> None:
    """Send one due mail, under its row's lock; a failure is recorded with the time of the next try."""
    due_now = OutgoingMail.objects.waiting().filter(pk=mail_id, next_attempt_at__lte=Now())
    mail = due_now.select_for_update(skip_locked=True).first()
    if mail is None:
        return
    if suppressed := is_suppressed(mail.to):
        _give_up(mail, f"The address is suppressed: {suppressed.reason}.")
        mail.save()
        return
    mail.attempts += 1
    try:
        with (
            transaction.atomic()
        ):  # a query that fails while composing must not undo the record of it
            _deliver(mail)
    except ValidationError as refusal:  # of the address: no server will ever take it
        _give_up(mail, " ".join(refusal.messages)[:500])
    except Exception as error:  # noqa: BLE001 - the boundary: recorded, tried again, given up at last
        _put_off(mail, error)
    mail.save()


def due() -> QuerySet[OutgoingMail]:
    """Return mails whose time has come and that no job waits for; the awaited ones are marked."""
    waiting = OutgoingMail.objects.waiting().filter(next_attempt_at__lte=Now())
    awaited = Case(When(kind__in=_awaited, then=0), default=1)
    return jobs.without_job(waiting, lock=JOBS).annotate(patience=awaited)


SWEEP: Sweep[OutgoingMail] = Sweep(
    name="sweep_mail",
    rows=due,
    work=enqueue_job,
    named=lambda mail: f"mail {mail.pk}",
    order=("patience", "next_attempt_at"),
)


def _deliver(mail: OutgoingMail) -> None:
    content = _composers[mail.kind](mail)
    mail.error = ""
    if content is None:
        mail.unwanted_at = clock.now()
        signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="unwanted")
        log.info("mail no longer wanted", kind=mail.kind, mail_id=mail.pk)
        return
    with translation.override(mail.language):
        if not _message(mail, content).send():
            raise NotSent(f"{settings.EMAIL_BACKEND} sent it to nobody.")
    mail.sent_at = clock.now()
    signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="sent")
    log.info("mail sent", kind=mail.kind, mail_id=mail.pk, attempts=mail.attempts)


def _message(mail: OutgoingMail, content: Content) -> EmailMultiAlternatives:
    base = f"emails/{content.template}"
    context = mail_words.safe(content.context)
    subject = " ".join(render_to_string(f"{base}.subject.txt", context).split())
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    message = EmailMultiAlternatives(
        subject=f"{settings.EMAIL_SUBJECT_PREFIX}{subject}",
        body=render_to_string(f"{base}.txt", context),
        to=[email_addresses.on_the_wire(mail.to)],
        headers={"Message-ID": f"<{mail.message_id.hex}@{domain}>"},
    )
    message.attach_alternative(render_to_string(f"{base}.html", context), "text/html")
    return message


def _put_off(mail: OutgoingMail, error: Exception) -> None:
    mail.error = f"{type(error).__name__}: {error}"[:500]
    if mail.attempts >= MAX_ATTEMPTS:
        _give_up(mail, mail.error)
        return
    mail.next_attempt_at = clock.now() + backoff(mail.attempts, longest=LONGEST_WAIT)
    signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="put_off")
    ours = None if isinstance(error, SERVER_ERRORS) else error
    log.warning("mail put off", kind=mail.kind, mail_id=mail.pk, error=mail.error, exc_info=ours)


def _give_up(mail: OutgoingMail, reason: str) -> None:
    mail.error = reason
    mail.failed_at = clock.now()
    signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="given_up")
    log.error("mail given up", kind=mail.kind, mail_id=mail.pk, error=reason)
