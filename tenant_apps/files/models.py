"""Files that people upload, kept in the tenant's own schema: sealed, saved and erased with it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What may be kept, by what is really in the file; the values are media types."""

    PDF = "application/pdf", _("PDF")
    PNG = "image/png", _("PNG image")
    JPEG = "image/jpeg", _("JPEG image")
    WEBP = "image/webp", _("WebP image")
    HEIC = "image/heic", _("HEIC image")
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document", _("Word")
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _("Excel")
    CSV = "text/csv", _("CSV table")
    TEXT = "text/plain", _("Plain text")


class StoredFile(models.Model):
    """One file. It waits, seen by its uploader alone, until something takes it as an attachment."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=150)
    kind = models.CharField(_("kind"), max_length=80, choices=Kind)
    size = models.PositiveIntegerField(_("size"), help_text=_("in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    created_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    attached_at = models.DateTimeField(_("attached"), null=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="files_are_of_a_known_kind"
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="files_are_not_empty"),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(attached_at__isnull=True),
                name="files_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.name


class StoredContent(models.Model):
    """A file's bytes, in a table of their own: a list of files never reads them."""

    file = models.OneToOneField(
        StoredFile, models.CASCADE, primary_key=True, related_name="content"
    )
    data = models.BinaryField()

    def __str__(self) -> str:
        return str(self.file_id)
