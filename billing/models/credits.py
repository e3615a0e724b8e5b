"""What takes money back: credit notes, which lessen an invoice, and refunds, which move it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.documented import Documented
from billing.models.mirrored import Mirrored


class CreditNote(Mirrored, Documented):
    """A credit note as Stripe last showed it; its positive amounts count against its invoice."""

    number = models.CharField(_("number"), max_length=80, blank=True)
    invoice_id = models.CharField(_("invoice"), max_length=255, blank=True, db_index=True)
    invoice_number = models.CharField(_("number of the invoice"), max_length=80, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    pdf_url = models.URLField(_("PDF"), max_length=2000, blank=True)

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")


class Refund(Mirrored):
    """Money that went back to whoever paid, as Stripe last showed it."""

    GIVEN_BACK = ("succeeded", "pending", "requires_action")  # beside: failed, canceled

    payment_id = models.CharField(_("payment"), max_length=255, db_index=True)
    invoice_id = models.CharField(_("invoice"), max_length=255, blank=True, db_index=True)
    amount = models.BigIntegerField(_("amount"), default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    reason = models.CharField(_("reason"), max_length=40, blank=True)

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
