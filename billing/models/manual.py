"""What staff do by hand while Stripe is out of the way: payments recorded, wishes kept."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.documented import Buyer
from public_apps.onboarding.models import Ordered, Signup
from public_apps.tenants.models import Tenant


class ManualPayment(Buyer):
    """A payment that came outside of Stripe, recorded by staff: access follows `paid_until`.

    Never edited. A mistake is put right by a second record that names the first: then the second
    alone counts, with the amount that was really kept and the day that is really paid for.

    Each has a document: its number is of a series without gaps, given by `documents.numbers`.
    """

    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), related_name="manual_payments", on_delete=models.PROTECT
    )
    amount = models.BigIntegerField(_("amount"), help_text=_("in cents"))
    tax = models.BigIntegerField(
        _("VAT in it"), null=True, blank=True, help_text=_("in cents; empty: not told")
    )
    currency = models.CharField(_("currency"), max_length=3, default="eur")
    # Empty where a process of the release before wrote it: it gets one with the next that is recorded.
    number = models.CharField(
        _("number"), max_length=40, blank=True, default="", db_default="", editable=False
    )
    reference = models.CharField(_("reference"), max_length=200)
    paid_until = models.DateTimeField(
        _("paid until"),
        null=True,
        blank=True,
        help_text=_("empty in a correction: nothing is paid"),
    )
    corrects = models.OneToOneField(
        "self",
        verbose_name=_("corrects"),
        related_name="corrected_by",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
    )
    recorded_by = models.EmailField(_("recorded by"), editable=False)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("manual payment")
        verbose_name_plural = _("manual payments")
        constraints = [
            # Nothing: time that was given, or a mistake that was paid back.
            models.CheckConstraint(condition=Q(amount__gte=0), name="manual_payment_not_negative"),
            models.CheckConstraint(
                condition=Q(paid_until__isnull=False) | Q(corrects__isnull=False),
                name="only_a_correction_pays_for_nothing",
            ),
            models.CheckConstraint(
                condition=Q(tax__isnull=True) | Q(tax__gte=0, tax__lte=models.F("amount")),
                name="manual_payment_holds_its_tax",
            ),
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="manual_payment_number"
            ),
            # The same transfer typed in twice is one payment.
            models.UniqueConstraint(
                fields=["tenant", "reference"], name="one_payment_per_reference"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} ({self.amount} {self.currency})"


class Lead(Ordered):
    """A sign-up that came while the shop was closed (manual mode): staff follow it up."""

    created_at = models.DateTimeField(_("came"), default=timezone.now)
    signup = models.OneToOneField(
        Signup, verbose_name=_("sign-up"), null=True, blank=True, on_delete=models.PROTECT
    )

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            # Pressing the button again keeps one lead, not two.
            models.UniqueConstraint(fields=["email", "subdomain"], name="one_lead_per_wish")
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.email})"
