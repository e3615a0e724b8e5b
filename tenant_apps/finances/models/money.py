"""What apartments owe, what they paid, and which paid which."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenant_apps.buildings.models import Apartment, Party
from tenant_apps.finances.models.months import MOST_CENTS, Period


class ChargeKind(models.TextChoices):
    """Where a charge comes from."""

    SHARES = "shares", _("Share of the month's expenses")
    CORRECTION = "correction", _("Correction")


class Method(models.TextChoices):
    """How money came; a credit note is no money, but a correction in the apartment's favour."""

    BANK = "bank", _("Bank transfer")
    CASH = "cash", _("Cash")
    CARD = "card", _("Card")
    OTHER = "other", _("Other")
    CREDIT_NOTE = "credit_note", _("Credit note")


class Charge(models.Model):
    """What an apartment's owner or tenant owes for a month, and how much of it is paid."""

    period = models.ForeignKey(
        Period, verbose_name=_("month"), related_name="charges", on_delete=models.PROTECT
    )
    apartment = models.ForeignKey(
        Apartment, verbose_name=_("apartment"), related_name="charges", on_delete=models.PROTECT
    )
    party = models.CharField(_("owed by"), max_length=6, choices=Party)
    kind = models.CharField(_("kind"), max_length=10, choices=ChargeKind, default=ChargeKind.SHARES)
    corrects = models.ForeignKey(
        "self", related_name="corrections", null=True, on_delete=models.PROTECT
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    amount = models.BigIntegerField(_("amount"), help_text=_("in cents"))
    paid = models.BigIntegerField(_("paid"), default=0, help_text=_("in cents"))
    created_at = models.DateTimeField(_("issued"), default=timezone.now)

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.UniqueConstraint(
                fields=["period", "apartment", "party"],
                condition=Q(kind="shares"),
                name="one_charge_per_month_and_party",
            ),
            models.CheckConstraint(condition=Q(amount__gte=1), name="charge_of_an_amount"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, paid__lte=F("amount")), name="charge_paid_at_most_wholly"
            ),
            models.CheckConstraint(
                condition=Q(kind="shares", corrects__isnull=True)
                | Q(kind="correction", corrects__isnull=False),
                name="a_correction_corrects_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["apartment", "party"],
                condition=Q(paid__lt=F("amount")),
                name="charges_unpaid",
            )
        ]

    def __str__(self) -> str:
        return f"{self.period} · {self.apartment}"

    @property
    def open(self) -> int:
        """What is still owed, in cents."""
        return self.amount - self.paid


class Payment(models.Model):
    """Money that came for an apartment. It can't change; a mistake is reversed."""

    apartment = models.ForeignKey(
        Apartment, verbose_name=_("apartment"), related_name="payments", on_delete=models.PROTECT
    )
    party = models.CharField(_("on behalf of"), max_length=6, choices=Party)
    method = models.CharField(_("method"), max_length=11, choices=Method)
    amount = models.BigIntegerField(
        _("amount"),
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CENTS)],
        help_text=_("in cents"),
    )
    allocated = models.BigIntegerField(
        _("allocated"), default=0, help_text=_("in cents; the rest is a credit")
    )
    paid_on = models.DateField(_("date"))
    reference = models.CharField(
        _("reference"), max_length=80, blank=True, help_text=_("of the bank, or on the receipt")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    # Of a credit note: the charge that was too high.
    corrects = models.ForeignKey(
        Charge, related_name="credit_notes", null=True, on_delete=models.PROTECT
    )
    created_at = models.DateTimeField(_("recorded"), default=timezone.now)
    reversed_at = models.DateTimeField(_("reversed"), null=True, editable=False)
    reversal_reason = models.CharField(_("why reversed"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            # The bank's reference names a transfer: recorded twice, it would count twice.
            models.UniqueConstraint(
                "apartment",
                "method",
                Lower("reference"),
                condition=Q(reversed_at__isnull=True) & ~Q(reference=""),
                name="one_receipt_per_reference",
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=1, amount__lte=MOST_CENTS), name="payment_of_an_amount"
            ),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, allocated__lte=F("amount")),
                name="payment_allocated_at_most_wholly",
            ),
            models.CheckConstraint(
                condition=Q(reversed_at__isnull=True) | Q(allocated=0),
                name="a_reversed_payment_pays_nothing",
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="payment_by_a_known_method"
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | Q(method="credit_note"),
                name="only_credit_notes_correct",
            ),
        ]
        indexes = [
            models.Index(
                fields=["apartment", "party"],
                condition=Q(allocated__lt=F("amount"), reversed_at__isnull=True),
                name="payments_with_credit",
            ),
            models.Index(fields=["-paid_on", "-id"], name="payments_newest_first"),
        ]

    def __str__(self) -> str:
        return f"{self.apartment} {self.paid_on} {self.amount}"

    @property
    def credit(self) -> int:
        """What is left for charges to come, in cents."""
        return 0 if self.reversed_at else self.amount - self.allocated


class Allocation(models.Model):
    """So much of a payment pays so much of a charge."""

    payment = models.ForeignKey(Payment, related_name="allocations", on_delete=models.PROTECT)
    charge = models.ForeignKey(Charge, related_name="allocations", on_delete=models.PROTECT)
    amount = models.BigIntegerField(_("amount"), help_text=_("in cents"))

    class Meta:
        constraints = [
            models.UniqueConstraint("payment", "charge", name="one_allocation_per_pair"),
            models.CheckConstraint(condition=Q(amount__gte=1), name="allocation_of_an_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} → {self.charge_id}: {self.amount}"
