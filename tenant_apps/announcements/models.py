"""What a building's people are told, and who has read it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.core.versions import Versioned
from tenant_apps.buildings.models import Building


class State(models.TextChoices):
    """Where an announcement stands in time."""

    SCHEDULED = "scheduled", _("Scheduled")
    PUBLISHED = "published", _("Published")
    EXPIRED = "expired", _("Expired")


class Announcement(Versioned):
    """Told to one building, or to all; residents see it from `publish_at` until it expires."""

    title = models.CharField(_("title"), max_length=150)
    body = models.TextField(_("text"), max_length=10_000)
    building = models.ForeignKey(
        Building,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("building"),
        help_text=_("empty: for all buildings"),
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    publish_at = models.DateTimeField(_("published from"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    pinned = models.BooleanField(_("pinned"), default=False, help_text=_("kept on top"))

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("publish_at")),
                name="announcement_expires_after_it_appears",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="an_announcement_has_a_title"),
        ]
        indexes = [models.Index(fields=["-publish_at", "-id"], name="announcements_newest_first")]

    def __str__(self) -> str:
        return self.title

    @property
    def state(self) -> State:
        """Where it stands now."""
        now = timezone.now()
        if self.publish_at > now:
            return State.SCHEDULED
        if self.expires_at is not None and self.expires_at <= now:
            return State.EXPIRED
        return State.PUBLISHED


class Read(models.Model):
    """Somebody has read an announcement."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="reads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["announcement", "user"], name="one_mark_per_reader")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} has read {self.announcement_id}"
