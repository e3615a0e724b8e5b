"""A building's month, and what was spent in it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from public_apps.core.versions import Versioned
from tenant_apps.buildings.models import Apartment, Building, Party
from tenant_apps.files.models import StoredFile

MOST_CENTS = 10_000_000_00


class Status(models.TextChoices):
    """How far a month has come; derived from its times, never stored."""

    DRAFT = "draft", _("Draft")
    ISSUED = "issued", _("Issued")
    CLOSED = "closed", _("Closed")


class Category(models.TextChoices):
    """What an expense is for."""

    CLEANING = "cleaning", _("Cleaning")
    ELECTRICITY = "electricity", _("Electricity")
    WATER = "water", _("Water")
    HEATING = "heating", _("Heating")
    LIFT = "lift", _("Lift")
    MAINTENANCE = "maintenance", _("Maintenance and repairs")
    INSURANCE = "insurance", _("Insurance")
    MANAGEMENT = "management", _("Management")
    RESERVE = "reserve", _("Reserve")
    OTHER = "other", _("Other")


class Sharing(models.TextChoices):
    """How an expense is shared."""

    MILLS = "mills", _("By mills")
    EQUAL = "equal", _("Equally")
    CHOSEN = "chosen", _("Equally among chosen apartments")


class Period(Versioned):
    """A building's month: a draft that expenses are added to, issued once, closed in the end."""

    building = models.ForeignKey(
        Building, verbose_name=_("building"), related_name="periods", on_delete=models.PROTECT
    )
    month = models.DateField(_("month"), help_text=_("its first day"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    issued_at = models.DateTimeField(_("issued"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)

    class Meta:
        verbose_name = _("month")
        verbose_name_plural = _("months")
        constraints = [
            models.UniqueConstraint("building", "month", name="one_period_per_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="a_month_is_its_first_day"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(issued_at__isnull=False),
                name="only_issued_months_are_closed",
            ),
        ]

    def __str__(self) -> str:
        return date_format(self.month, "F Y")

    @property
    def status(self) -> Status:
        """How far it has come."""
        if self.closed_at:
            return Status.CLOSED
        return Status.ISSUED if self.issued_at else Status.DRAFT


class Expense(Versioned):
    """What a month cost, in cents, and who shares it. It can't change once its month is issued."""

    period = models.ForeignKey(
        Period, verbose_name=_("month"), related_name="expenses", on_delete=models.PROTECT
    )
    category = models.CharField(_("category"), max_length=12, choices=Category)
    description = models.CharField(_("description"), max_length=200, blank=True)
    amount = models.BigIntegerField(
        _("amount"),
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CENTS)],
        help_text=_("in cents"),
    )
    spent_on = models.DateField(_("date"))
    sharing = models.CharField(_("shared"), max_length=6, choices=Sharing, default=Sharing.MILLS)
    paid_by = models.CharField(
        _("paid by"),
        max_length=6,
        choices=Party,
        default=Party.TENANT,
        help_text=_("where an apartment has no tenant, its owner pays"),
    )
    chosen = models.ManyToManyField(
        Apartment, through="ChosenApartment", related_name="+", blank=True
    )
    attachment = models.ForeignKey(
        StoredFile,
        verbose_name=_("attachment"),
        related_name="+",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    reversed_at = models.DateTimeField(_("reversed"), null=True, editable=False)
    reversal_reason = models.CharField(_("why reversed"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("expense")
        verbose_name_plural = _("expenses")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=1, amount__lte=MOST_CENTS), name="expense_of_an_amount"
            ),
            models.CheckConstraint(
                condition=Q(category__in=Category.values), name="expense_of_a_known_category"
            ),
            models.CheckConstraint(
                condition=Q(sharing__in=Sharing.values), name="expense_shared_in_a_known_way"
            ),
            models.CheckConstraint(
                condition=Q(paid_by__in=Party.values), name="expense_paid_by_a_known_party"
            ),
        ]
        indexes = [models.Index(fields=["-spent_on", "-id"], name="expenses_newest_first")]

    def __str__(self) -> str:
        return self.description or str(self.get_category_display())


class ChosenApartment(models.Model):
    """An apartment that shares an expense of chosen ones."""

    expense = models.ForeignKey(Expense, related_name="choices", on_delete=models.CASCADE)
    apartment = models.ForeignKey(Apartment, related_name="+", on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint("expense", "apartment", name="an_apartment_is_chosen_once")
        ]

    def __str__(self) -> str:
        return f"{self.expense_id}: {self.apartment_id}"


class Share(models.Model):
    """What an issued expense costs one apartment. Rows are added, never changed (migration 0002)."""

    expense = models.ForeignKey(Expense, related_name="shares", on_delete=models.PROTECT)
    apartment = models.ForeignKey(Apartment, related_name="+", on_delete=models.PROTECT)
    party = models.CharField(_("paid by"), max_length=6, choices=Party)
    mills = models.PositiveSmallIntegerField(_("mills at that time"))
    amount = models.BigIntegerField(_("amount"), help_text=_("in cents"))

    class Meta:
        verbose_name = _("share")
        verbose_name_plural = _("shares")
        constraints = [
            models.UniqueConstraint("expense", "apartment", name="one_share_per_apartment"),
            models.CheckConstraint(condition=Q(amount__gte=1), name="share_of_an_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.expense_id}: {self.apartment_id} {self.amount}"
