"""What public knows of archives: who we are, schemas kept after a restore, exports, restore tests."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Installation(models.Model):
    """One row: this installation, told from all others. A copy of the database has it, too."""

    identity = models.UUIDField(default=uuid.uuid4, editable=False)
    # What is too dear to look at for each scrape; nothing until it was looked at.
    database_bytes = models.BigIntegerField(null=True, editable=False)
    measured_at = models.DateTimeField(null=True, editable=False)
    # Of all tenants' newest backups the oldest one.
    oldest_backup_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("installation")
        verbose_name_plural = _("installations")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_installation")]

    def __str__(self) -> str:
        return str(self.identity)


class KeptSchema(models.Model):
    """The other schema of a tenant that was restored: kept until somebody confirms."""

    tenant = models.OneToOneField(
        "tenants.Tenant", related_name="kept_schema", on_delete=models.PROTECT
    )
    schema_name = models.CharField(_("schema"), max_length=63, unique=True)
    restored_from = models.CharField(_("archive of"), max_length=40)
    swapped_at = models.DateTimeField(_("swapped"), default=timezone.now)

    class Meta:
        verbose_name = _("kept schema")
        verbose_name_plural = _("kept schemas")
        constraints = [
            models.CheckConstraint(
                condition=Q(schema_name__regex=r"^t_[0-9a-f]{24}$"), name="kept_schema_is_opaque"
            ),
        ]

    def __str__(self) -> str:
        return self.schema_name


class ExportStatus(models.TextChoices):
    """How far an export is; what has expired is gone."""

    WAITING = "waiting", _("Waiting")
    MAKING = "making", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class Export(models.Model):
    """An archive that an owner asked for: made by the worker, fetched until it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", related_name="exports", on_delete=models.CASCADE)
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    asked_by = models.EmailField(_("by"))
    language = models.CharField(_("language"), max_length=8, default="en")
    done = models.PositiveIntegerField(_("parts done"), default=0)
    parts = models.PositiveIntegerField(_("parts"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    size = models.PositiveBigIntegerField(_("size"), default=0, help_text=_("in bytes"))
    # A default in the database, too: during a release the old code still adds exports.
    stored_as = models.CharField(
        _("archive"), max_length=200, blank=True, default="", db_default="", editable=False
    )
    finished_at = models.DateTimeField(_("finished"), null=True)
    expires_at = models.DateTimeField(_("fetched until"), null=True)
    failed_at = models.DateTimeField(_("failed"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(finished_at__isnull=True, failed_at__isnull=True),
                name="one_export_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, expires_at__isnull=True)
                | Q(finished_at__isnull=False, expires_at__isnull=False, failed_at__isnull=True),
                name="a_finished_export_expires",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.asked_at:%Y-%m-%d}"

    @property
    def status(self) -> ExportStatus:
        """How far it is."""
        if self.failed_at:
            return ExportStatus.FAILED
        if self.finished_at:
            return ExportStatus.READY
        return ExportStatus.MAKING if self.parts else ExportStatus.WAITING


class RestoreTest(models.Model):
    """One try at restoring a tenant's newest backup, which leaves nothing but this report."""

    tenant = models.ForeignKey(
        "tenants.Tenant", related_name="restore_tests", on_delete=models.CASCADE
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    backup = models.CharField(_("backup"), max_length=200)
    milliseconds = models.PositiveIntegerField(_("took, in ms"))
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("restore test")
        verbose_name_plural = _("restore tests")
        indexes = [models.Index(fields=["-at"], name="restore_test_newest")]

    def __str__(self) -> str:
        return f"{self.backup}: {'failed' if self.error else 'well'}"
