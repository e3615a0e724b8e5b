"""What people ask of whoever looks after their building, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.core.versions import Versioned
from tenant_apps.buildings.models import Apartment, Building
from tenant_apps.files.models import StoredFile


class Category(models.TextChoices):
    """What a request is about."""

    PLUMBING = "plumbing", _("Plumbing")
    ELECTRICAL = "electrical", _("Electrical")
    HEATING = "heating", _("Heating")
    LIFT = "lift", _("Lift")
    CLEANING = "cleaning", _("Cleaning")
    NOISE = "noise", _("Noise")
    SAFETY = "safety", _("Safety")
    ACCOUNTS = "accounts", _("Charges and payments")
    OTHER = "other", _("Other")


class Priority(models.TextChoices):
    """How soon something should happen."""

    LOW = "low", _("Low")
    NORMAL = "normal", _("Normal")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class Status(models.TextChoices):
    """How far a request has come; `workflow` says what may follow what."""

    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    WAITING = "waiting", _("Waiting")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# Nothing more is due for these.
ENDED = (Status.CLOSED, Status.REJECTED, Status.WITHDRAWN)


class ServiceRequest(Versioned):
    """One request. Its status and who is assigned change by steps, which stay as its history."""

    building = models.ForeignKey(
        Building, models.PROTECT, related_name="+", verbose_name=_("building")
    )
    apartment = models.ForeignKey(
        Apartment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("apartment"),
        help_text=_("empty: about what all share"),
    )
    category = models.CharField(
        _("category"), max_length=16, choices=Category, default=Category.OTHER
    )
    priority = models.CharField(
        _("priority"), max_length=8, choices=Priority, default=Priority.NORMAL
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.OPEN, editable=False
    )
    title = models.CharField(_("title"), max_length=150)
    description = models.TextField(_("description"), max_length=10_000, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("opened by"),
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    created_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        constraints = [
            models.CheckConstraint(
                condition=Q(~Q(status__in=ENDED), ended_at__isnull=True)
                | Q(status__in=ENDED, ended_at__isnull=False),
                name="request_has_ended_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="request_has_a_known_status"
            ),
            models.CheckConstraint(condition=~Q(title=""), name="a_request_has_a_title"),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="requests_newest_first"),
            models.Index(
                fields=["building"], condition=Q(ended_at__isnull=True), name="requests_under_way"
            ),
            models.Index(fields=["opened_by", "-created_at"], name="requests_of_somebody"),
        ]

    def __str__(self) -> str:
        return self.title


class Step(models.Model):
    """How a request stood after something was decided about it; the first says that it was opened."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="steps")
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    status = models.CharField(_("status"), max_length=12, choices=Status)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    note = models.CharField(_("note"), max_length=1000, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.status}"


class Comment(models.Model):
    """Something said about a request; internal ones are for those who look after the building."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="comments")
    at = models.DateTimeField(_("when"), default=timezone.now)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
    )
    body = models.TextField(_("comment"), max_length=4000)
    internal = models.BooleanField(_("internal"), default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="a_comment_says_something")
        ]

    def __str__(self) -> str:
        return self.body[:60]


class Attachment(models.Model):
    """A file that belongs to a request; whoever sees the request may have it."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="attachments")
    file = models.OneToOneField(StoredFile, models.CASCADE, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.file_id)
