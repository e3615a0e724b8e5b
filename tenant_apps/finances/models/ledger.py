"""The ledger: every line takes from one account what it gives to another, so all sum to zero."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenant_apps.buildings.models import Apartment, Building, Party
from tenant_apps.finances.models.money import Payment
from tenant_apps.finances.models.months import Expense, Period


class AccountKind(models.TextChoices):
    """What an account stands for. Debits are positive: an apartment that owes, money at the bank."""

    APARTMENT = "apartment", _("What an apartment's owner or tenant owes")
    BANK = "bank", _("Money of the building, at hand or at the bank")
    COSTS = "costs", _("Costs still to be shared: zero when all is issued")
    RESERVE = "reserve", _("What was put aside for later, held at the bank")


class EntryKind(models.TextChoices):
    """Why something was booked."""

    ISSUE = "issue", _("Common expenses")
    PAYMENT = "payment", _("Payment")
    CORRECTION = "correction", _("Correction")
    REVERSAL = "reversal", _("Reversal")


class Account(models.Model):
    """One account of a building, with its balance in cents. Lock it before you book on it."""

    building = models.ForeignKey(Building, related_name="accounts", on_delete=models.PROTECT)
    kind = models.CharField(_("kind"), max_length=9, choices=AccountKind)
    apartment = models.ForeignKey(
        Apartment, related_name="accounts", null=True, on_delete=models.PROTECT
    )
    party = models.CharField(_("whose"), max_length=6, choices=Party, blank=True)
    balance = models.BigIntegerField(_("balance"), default=0, help_text=_("in cents"))

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["apartment", "party"],
                condition=Q(kind="apartment"),
                name="one_account_per_apartment_and_party",
            ),
            models.UniqueConstraint(
                fields=["building", "kind"],
                condition=~Q(kind="apartment"),
                name="one_account_per_building_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="apartment", apartment__isnull=False, party__in=Party.values)
                | Q(kind__in=["bank", "costs", "reserve"], apartment__isnull=True, party=""),
                name="account_of_an_apartment_or_a_building",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.apartment_id or self.building_id} {self.party}"


class Entry(models.Model):
    """One event in the books of a building, with its lines; added, never changed."""

    building = models.ForeignKey(Building, related_name="entries", on_delete=models.PROTECT)
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    booked_on = models.DateField(_("date"))
    memo = models.CharField(_("text"), max_length=200, blank=True)
    period = models.ForeignKey(Period, related_name="+", null=True, on_delete=models.PROTECT)
    payment = models.ForeignKey(Payment, related_name="+", null=True, on_delete=models.PROTECT)
    expense = models.ForeignKey(Expense, related_name="+", null=True, on_delete=models.PROTECT)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, related_name="+", null=True, on_delete=models.SET_NULL
    )
    created_at = models.DateTimeField(_("booked"), default=timezone.now)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(
                fields=["period"], condition=Q(kind="issue"), name="a_month_is_issued_once"
            ),
            models.UniqueConstraint(
                fields=["payment", "kind"],
                condition=Q(payment__isnull=False),
                name="a_payment_is_booked_and_reversed_once",
            ),
            models.UniqueConstraint(
                fields=["expense"],
                condition=Q(expense__isnull=False),
                name="an_expense_is_reversed_once",
            ),
        ]
        indexes = [models.Index(fields=["building", "booked_on"], name="entries_by_date")]

    def __str__(self) -> str:
        return f"{self.booked_on} {self.get_kind_display()}"


class Line(models.Model):
    """So many cents to the debit of one account and the credit of another: the two sum to zero.

    Rows are added, never changed (migration 0002).
    """

    entry = models.ForeignKey(Entry, related_name="lines", on_delete=models.PROTECT)
    debit = models.ForeignKey(Account, related_name="debits", on_delete=models.PROTECT)
    credit = models.ForeignKey(Account, related_name="credits", on_delete=models.PROTECT)
    amount = models.BigIntegerField(_("amount"), help_text=_("in cents"))

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=1), name="line_of_an_amount"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="line_of_two_accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.debit_id} ← {self.credit_id}: {self.amount}"
