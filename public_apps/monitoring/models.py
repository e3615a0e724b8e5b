"""What is wrong, told once for as long as it lasts, and what was counted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Incident(models.Model):
    """Something wrong that only people can judge, from when it was first seen until it was gone."""

    kind = models.CharField(_("kind"), max_length=40)
    # What of this kind, where several may be wrong at once: an event's type, say.
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    opened_at = models.DateTimeField(_("first seen"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    closed_at = models.DateTimeField(_("over"), null=True, blank=True)
    lines = models.JSONField(_("findings"), default=list)

    class Meta:
        db_table = "billing_incident"  # where it was made
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = [
            # However many workers notice it at once, it is one incident and one mail.
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=Q(closed_at__isnull=True),
                name="one_open_incident_per_subject",
            )
        ]
        indexes = [models.Index(fields=["kind", "subject"], name="incident_about")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} since {self.opened_at:%Y-%m-%d %H:%M}"


class ProcessClock(models.Model):
    """How a process that stays found its clock when it last compared it with the database's."""

    process = models.CharField(max_length=120, primary_key=True)
    # Milliseconds ahead of the database; behind it, below 0.
    ahead = models.IntegerField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.process}: {self.ahead:+d} ms"


class MetricTotal(models.Model):
    """What all processes have counted together since the first start; `/metrics` shows it."""

    name = models.CharField(max_length=80)
    # The values of its labels, as a JSON list in the order that the metric declares.
    labels = models.CharField(max_length=300)
    count = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    # Of a histogram: how many fell into each bucket, the last one without a bound. Not cumulative.
    buckets = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        db_table = "core_measurement"  # where it was made
        constraints = [
            models.UniqueConstraint(fields=["name", "labels"], name="one_measurement_per_labels")
        ]

    def __str__(self) -> str:
        return f"{self.name}{self.labels}"
