"""What a document says that an accountant books, kept as it was issued."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

EMPTY = models.Value([], models.JSONField())


class Buyer(models.Model):
    """Whom a document is made out to. It stays when its workspace is erased: the law wants it kept."""

    buyer_name = models.CharField(_("buyer"), max_length=300, blank=True, default="", db_default="")
    buyer_address = models.CharField(
        _("buyer's address"), max_length=500, blank=True, default="", db_default=""
    )
    buyer_country = models.CharField(
        _("buyer's country"), max_length=2, blank=True, default="", db_default=""
    )
    buyer_tax_id = models.CharField(
        _("buyer's VAT number"), max_length=40, blank=True, default="", db_default=""
    )

    class Meta:
        abstract = True


class Documented(Buyer):
    """Sums, lines and taxes of a document; amounts in minor units, null until Stripe told them."""

    issued_at = models.DateTimeField(_("issued"), null=True, blank=True, db_index=True)
    voided_at = models.DateTimeField(_("voided"), null=True, blank=True, db_index=True)
    net = models.BigIntegerField(_("without VAT"), null=True, blank=True)
    tax = models.BigIntegerField(_("VAT"), null=True, blank=True)
    total = models.BigIntegerField(_("total"), null=True, blank=True)
    # The buyer owes the tax, and the document has to say so (Directive 2006/112/EC, article 196).
    reverse_charge = models.BooleanField(_("reverse charge"), default=False, db_default=False)
    lines = models.JSONField(_("lines"), default=list, db_default=EMPTY, blank=True)
    taxes = models.JSONField(_("taxes"), default=list, db_default=EMPTY, blank=True)

    class Meta:
        abstract = True
