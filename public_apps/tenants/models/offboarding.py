"""A tenant's departure: its times are the record of what is done; a null is what remains to do."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Aim(models.TextChoices):
    """What is left of the tenant in the end."""

    ARCHIVE = "archive", _("Archived: the data is kept outside of the database")
    ERASURE = "erasure", _("Erased: nothing about people is kept but invoices")


class Departure(models.Model):
    """One tenant's way out: open until `begins_at`, and all can be undone until `dropped_at`."""

    tenant = models.ForeignKey(
        "tenants.Tenant", related_name="departures", on_delete=models.PROTECT
    )
    aim = models.CharField(_("aim"), max_length=8, choices=Aim)
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    asked_by = models.CharField(_("by"), max_length=255)
    begins_at = models.DateTimeField(_("begins"))
    # Set where asking has suspended the tenant: only that is taken back when it is undone.
    held_at = models.DateTimeField(_("suspended by it"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    unpaid_at = models.DateTimeField(_("subscription ended"), null=True, blank=True)
    closed_at = models.DateTimeField(_("door closed"), null=True, blank=True)
    stored_at = models.DateTimeField(_("archive stored"), null=True, blank=True)
    stored_as = models.CharField(_("archive"), max_length=500, blank=True)
    dropped_at = models.DateTimeField(_("schema dropped"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    proof = models.JSONField(_("proof"), default=dict, blank=True)
    freed_at = models.DateTimeField(_("domains freed"), null=True, blank=True)

    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True)
    error = models.CharField(_("what hinders it"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("departure")
        verbose_name_plural = _("departures")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(undone_at__isnull=True),
                name="one_departure_per_tenant",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True)
                | Q(dropped_at__isnull=True)
                | Q(stored_at__isnull=False, erased_at__isnull=True),
                name="what_is_dropped_comes_back_from_its_archive_alone",
            ),
            models.CheckConstraint(
                condition=Q(dropped_at__isnull=True)
                | Q(closed_at__isnull=False, unpaid_at__isnull=False),
                name="no_schema_is_dropped_behind_an_open_door",
            ),
            models.CheckConstraint(
                condition=Q(dropped_at__isnull=True)
                | Q(aim="erasure")
                | Q(stored_at__isnull=False),
                name="nothing_is_dropped_that_is_not_kept",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(aim="erasure", dropped_at__isnull=False),
                name="erased_only_where_asked",
            ),
            models.CheckConstraint(
                condition=Q(freed_at__isnull=True) | Q(dropped_at__isnull=False),
                name="only_who_is_gone_frees_domains",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.get_aim_display()}"

    @property
    def can_be_undone(self) -> bool:
        """Whether the workspace can still be as it was."""
        return self.undone_at is None and self.dropped_at is None

    @property
    def can_be_put_off(self) -> bool:
        """Whether it is an archive that is only planned."""
        return self.aim == Aim.ARCHIVE and not (self.undone_at or self.closed_at)

    @property
    def can_be_revived(self) -> bool:
        """Whether the workspace is gone, and can come back from its archive."""
        return bool(self.dropped_at and self.stored_as and not (self.undone_at or self.erased_at))
