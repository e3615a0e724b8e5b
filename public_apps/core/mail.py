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
from typing import Any

import structlog
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.smtp import EmailBackend as DjangosSmtp
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import translation

from public_apps.core import clock, deadlines, email_addresses, jobs, mail_words, signals, smtp
from public_apps.core.backoff import backoff
from public_apps.core.models import OutgoingMail
from public_apps.core.suppression import is_suppressed
from public_apps.core.sweeps import Sweep

log = structlog.get_logger(__name__)
JOBS = "mail"  # what the locks of mails' jobs begin with
# With the longest waits between them more than a day and a half: a provider's bad day is outlasted.
MAX_ATTEMPTS = 110
LONGEST_WAIT = timedelta(minutes=30)
# How long the whole conversation with a server may take, and when another worker may begin one.
SENDING_SECONDS = 20.0
LEASE = timedelta(seconds=25)
# What a refused, slow or unreachable mail server raises (smtplib's own and the socket's).
SERVER_ERRORS = (smtplib.SMTPException, OSError, AnymailError, deadlines.DeadlineExceeded)


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


def send(*, mail_id: int) -> None:
    """Send one due mail, leased and in no transaction; a failure is recorded with the next try's time.

    A server that is slow, or hangs, holds neither a row nor a transaction, and a worker for a while.
    """
    mail = _claim(mail_id)
    if mail is None:
        return
    try:
        with transaction.atomic():  # a query that fails must not undo the record of it
            message = _composed(mail)
        if message is None:
            _note_unwanted(mail)
        else:
            _deliver(message)
            _note_sent(mail)
    except ValidationError as refusal:  # of the address: no server will ever take it
        _give_up(mail, " ".join(refusal.messages)[:500])
    except Exception as error:  # noqa: BLE001 - the boundary: recorded, tried again, given up at last
        _put_off(mail, error)


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


def _claim(mail_id: int) -> OutgoingMail | None:
    """Count an attempt at a due mail and lease it, in one statement: of many callers one wins."""
    due_now = OutgoingMail.objects.waiting().filter(pk=mail_id, next_attempt_at__lte=Now())
    mail = due_now.first()
    if mail is None:
        return None
    if suppressed := is_suppressed(mail.to):
        _give_up(mail, f"The address is suppressed: {suppressed.reason}.")
        return None
    if not due_now.update(attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE):
        return None
    mail.refresh_from_db()
    return mail


def _composed(mail: OutgoingMail) -> EmailMultiAlternatives | None:
    content = _composers[mail.kind](mail)
    if content is None:
        return None
    with translation.override(mail.language):
        return _message(mail, content)


def _deliver(message: EmailMultiAlternatives) -> None:
    line = smtp.Line()
    message.connection = get_connection()
    if type(message.connection) is DjangosSmtp:
        message.connection = smtp.EmailBackend(line=line)
    try:
        sent = deadlines.within(SENDING_SECONDS, message.send, name="a mail")
    finally:
        line.cut()  # so that nothing of it goes on where it took too long
    if not sent:
        raise NotSent(f"{settings.EMAIL_BACKEND} sent it to nobody.")


def _note_sent(mail: OutgoingMail) -> None:
    _record(mail, sent_at=Now(), error="")
    signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="sent")
    log.info("mail sent", kind=mail.kind, mail_id=mail.pk, attempts=mail.attempts)


def _note_unwanted(mail: OutgoingMail) -> None:
    _record(mail, unwanted_at=Now(), error="")
    signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="unwanted")
    log.info("mail no longer wanted", kind=mail.kind, mail_id=mail.pk)


def _record(mail: OutgoingMail, **fields: Any) -> None:
    """Write down how an attempt ended, on a new connection if ours was lost meanwhile.

    A mail that is sent and not recorded would be sent again.
    """
    row = OutgoingMail.objects.waiting().filter(pk=mail.pk)
    if "sent_at" not in fields:  # whoever has taken it over since knows better
        row = row.filter(attempts=mail.attempts)
    try:
        row.update(**fields)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        row.update(**fields)


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
    said = f"{type(error).__name__}: {error}"[:500]
    if mail.attempts >= MAX_ATTEMPTS:
        _give_up(mail, said)
        return
    wait = backoff(mail.attempts, longest=LONGEST_WAIT)
    _record(mail, error=said, next_attempt_at=Now() + wait)
    signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="put_off")
    ours = None if isinstance(error, SERVER_ERRORS) else error
    log.warning("mail put off", kind=mail.kind, mail_id=mail.pk, error=said, exc_info=ours)


def _give_up(mail: OutgoingMail, reason: str) -> None:
    _record(mail, error=reason, failed_at=Now())
    signals.mail_attempted.send(OutgoingMail, kind=mail.kind, outcome="given_up")
    log.error("mail given up", kind=mail.kind, mail_id=mail.pk, error=reason)
