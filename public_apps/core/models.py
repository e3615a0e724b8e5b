"""The outbox: every mail that must be sent, once, whatever the mail server does meanwhile."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OutgoingMail(models.Model):
    """A mail to be sent. It holds what to say, not the text: one-time links are made at sending."""

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("occurrence"), max_length=200, help_text=_("unique within a kind"))
    to = models.EmailField(_("to"))
    language = models.CharField(_("language"), max_length=8, default="en")
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=500, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)

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
                condition=Q(sent_at__isnull=True, failed_at__isnull=True),
                name="mail_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
