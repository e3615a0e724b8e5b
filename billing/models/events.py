"""The inbox's rows: what Stripe sent, and what we made of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.tenants.models import Tenant


class EventStatus(models.TextChoices):
    """What became of an event. `received` is the only one that is still due."""

    RECEIVED = "received", _("Received")
    PROCESSED = "processed", _("Processed")
    IGNORED = "ignored", _("Ignored")
    FAILED = "failed", _("Failed")
    PARKED = "parked", _("Parked")


class StripeEvent(models.Model):
    """The inbox: every event that Stripe signed, exactly once, and what we made of it."""

    id = models.CharField(_("event"), primary_key=True, max_length=255)
    type = models.CharField(_("type"), max_length=120)
    api_version = models.CharField(_("API version"), max_length=40, blank=True)
    livemode = models.BooleanField(_("live mode"))
    object_id = models.CharField(_("object"), max_length=255, blank=True)
    payload = models.JSONField(_("payload"))
    status = models.CharField(
        _("status"), max_length=12, choices=EventStatus, default=EventStatus.RECEIVED
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error or reason"), max_length=1000, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    processed_at = models.DateTimeField(_("finished"), null=True, blank=True)
    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), null=True, blank=True, on_delete=models.SET_NULL
    )

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["received", "parked"], processed_at__isnull=True)
                | Q(status__in=["processed", "ignored", "failed"], processed_at__isnull=False),
                name="event_status_and_time_agree",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(status="received"), name="event_due"
            ),
            models.Index(fields=["-received_at"], name="event_newest_first"),
            models.Index(fields=["object_id"], name="event_object"),
            models.Index(fields=["status", "-received_at"], name="event_by_status"),
            models.Index(fields=["type", "-received_at"], name="event_by_type"),
            models.Index(fields=["tenant", "-received_at"], name="event_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
