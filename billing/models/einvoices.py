"""The outbox of documents that a provider has to pass on to the tax authority."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.tenants.models import Tenant


class DocumentKind(models.TextChoices):
    """The documents that we issue."""

    INVOICE = "invoice", _("Invoice")
    CREDIT_NOTE = "credit_note", _("Credit note")
    MANUAL_PAYMENT = "manual_payment", _("Payment by hand")


class EInvoiceStatus(models.TextChoices):
    """How far a document has come on its way to the tax authority."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNWANTED = "unwanted", _("Not needed any more")


class EInvoice(models.Model):
    """One document to be passed on, or taken back: once, until the provider has it."""

    kind = models.CharField(_("kind"), max_length=20, choices=DocumentKind)
    document_id = models.CharField(_("document"), max_length=255)
    cancels = models.BooleanField(_("takes it back"), default=False)
    number = models.CharField(_("number"), max_length=80, blank=True)
    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), null=True, blank=True, on_delete=models.PROTECT
    )
    created_at = models.DateTimeField(_("promised"), default=timezone.now)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    error = models.CharField(_("error"), max_length=500, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)
    unwanted_at = models.DateTimeField(_("not needed any more"), null=True, blank=True)
    # The number under which the tax authority knows the document (myDATA's MARK).
    mark = models.CharField(_("MARK"), max_length=60, blank=True)
    url = models.URLField(_("page of the document"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("e-invoice")
        verbose_name_plural = _("e-invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "document_id", "cancels"], name="each_document_is_sent_once"
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True)
                | Q(failed_at__isnull=True, unwanted_at__isnull=True),
                name="what_is_sent_has_not_failed",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(sent_at=None, failed_at=None, unwanted_at=None),
                name="einvoice_due",
            ),
            models.Index(
                fields=["failed_at"], condition=Q(failed_at__isnull=False), name="einvoice_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number or self.document_id}"

    @property
    def status(self) -> EInvoiceStatus:
        """Return how far it has come, told from its times."""
        if self.sent_at:
            return EInvoiceStatus.SENT
        if self.unwanted_at:
            return EInvoiceStatus.UNWANTED
        return EInvoiceStatus.FAILED if self.failed_at else EInvoiceStatus.WAITING
