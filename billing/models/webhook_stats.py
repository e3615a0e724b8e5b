"""Stripe's webhooks, summed up by the minute and by the hour."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class WebhookSlot(models.Model):
    """Stripe's webhooks of one minute or one hour: what we answered, and how handling went."""

    class Span(models.TextChoices):
        MINUTE = "minute", _("minute")
        HOUR = "hour", _("hour")

    span = models.CharField(max_length=6, choices=Span)
    at = models.DateTimeField()
    accepted = models.BigIntegerField(default=0)  # answered 2xx
    refused = models.BigIntegerField(default=0)  # signed by nobody whom we know
    broken = models.BigIntegerField(default=0)  # signed, and not answered 2xx
    # That Stripe could not deliver; a release before this one writes rows without it.
    missed = models.BigIntegerField(default=0, db_default=0)
    answer_buckets = ArrayField(models.BigIntegerField(), default=list)
    handled = models.BigIntegerField(default=0)
    failed_attempts = models.BigIntegerField(default=0)
    # From received to handled, of those that came to a good end.
    handled_buckets = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        db_table = "core_webhookslot"  # where it was made
        constraints = [
            models.UniqueConstraint(fields=["span", "at"], name="one_slot_per_span_and_time")
        ]

    def __str__(self) -> str:
        return f"{self.span} {self.at:%Y-%m-%d %H:%M}"
