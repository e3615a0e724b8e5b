"""Whom a workspace wants mails about money to go to, beside its owners."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from public_apps.core.email_addresses import AddressField
from public_apps.tenants.models import Tenant


class BillingContact(models.Model):
    """An address for money, such as an accountant's. A workspace without a row has its owners'."""

    tenant = models.OneToOneField(
        Tenant,
        verbose_name=_("tenant"),
        primary_key=True,
        related_name="billing_contact",
        on_delete=models.CASCADE,
    )
    email = AddressField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120, blank=True)
    set_at = models.DateTimeField(_("set"), db_default=Now())

    class Meta:
        verbose_name = _("billing contact")
        verbose_name_plural = _("billing contacts")

    def __str__(self) -> str:
        return self.email
