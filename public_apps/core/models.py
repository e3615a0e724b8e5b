"""What must happen once: mails, and requests that carry a key."""

from __future__ import annotations

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.core.email_addresses import AddressField


class OutgoingMails(models.QuerySet["OutgoingMail"]):
    """Mails by how they stand."""

    def waiting(self) -> OutgoingMails:
        """Return those that are still to be sent."""
        return self.filter(sent_at=None, failed_at=None, unwanted_at=None)


class OutgoingMail(models.Model):
    """A mail to be sent. It holds what to say, not the text: one-time links are made at sending."""

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("occurrence"), max_length=200, help_text=_("unique within a kind"))
    to = AddressField(_("to"))
    language = models.CharField(_("language"), max_length=8, default="en")
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=500, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)
    # When it came to be sent there was nothing left to say, such as to an owner with a password.
    unwanted_at = models.DateTimeField(_("no longer wanted"), null=True, blank=True)

    objects = OutgoingMails.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="one_mail_per_occurrence"),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True) | Q(failed_at__isnull=True),
                name="mail_sent_or_given_up",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(sent_at__isnull=True, failed_at__isnull=True, unwanted_at__isnull=True),
                name="mail_waiting",
            ),
            models.Index(
                fields=["-failed_at"], condition=Q(failed_at__isnull=False), name="mail_given_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be done about it."""
        return bool(self.sent_at or self.failed_at or self.unwanted_at)


class SuppressedAddress(models.Model):
    """An address that mail must not go to any more: it bounced, or its owner complained."""

    address = AddressField(_("e-mail"))
    reason = models.CharField(_("reason"), max_length=40, help_text=_("as the provider says"))
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    provider = models.CharField(_("provider"), max_length=40, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            models.UniqueConstraint(Lower("address"), name="one_suppression_per_address")
        ]

    def __str__(self) -> str:
        return self.address


class IdempotentRequest(models.Model):
    """A request that may come again: what was asked, and the answer that it gets every time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now())
    # Releases before 2026-12 are at work until then; this one holds a lock instead.
    leased_until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    headers = models.JSONField(null=True)  # that belong to the body, such as its ETag

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="one_request_per_key"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, status__isnull=True)
                | Q(answered_at__isnull=False, status__isnull=False),
                name="answer_and_its_time_agree",
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotent_request_age")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class SweepTurn(models.Model):
    """A row's turn in a sweep: when it was tried, how often in vain, and until when it waits."""

    sweep = models.CharField(max_length=40)
    row = models.CharField(max_length=80)  # its primary key, as text
    tried_at = models.DateTimeField()
    failures = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=300, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "row"], name="one_turn_per_row")]
        indexes = [
            models.Index(fields=["sweep"], condition=Q(failures__gt=0), name="turn_in_vain"),
            models.Index(fields=["tried_at"], name="turn_age"),
        ]

    def __str__(self) -> str:
        return f"{self.sweep} {self.row}"


class PeriodicRun(models.Model):
    """A job by the clock: when it last began, and when it last came to its end."""

    name = models.CharField(max_length=80, primary_key=True)
    known_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, default="")

    def __str__(self) -> str:
        return self.name


class WorkerLife(models.Model):
    """A worker of the queue that holds a lock while it lives; a row without a lock tells of a death."""

    worker = models.IntegerField(primary_key=True)
    since = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.worker)
