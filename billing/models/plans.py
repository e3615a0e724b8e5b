"""What we sell: plans and their prices."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Plan(models.Model):
    """What can be bought. Staff edit it; `manage.py plans push` takes it to Stripe."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_el = models.CharField(_("name in Greek"), max_length=80, blank=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    description_el = models.CharField(_("description in Greek"), max_length=300, blank=True)
    trial_days = models.PositiveSmallIntegerField(_("trial days"), default=0)
    most_apartments = models.PositiveIntegerField(
        _("most apartments"), null=True, blank=True, help_text=_("empty: unlimited")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    offered = models.BooleanField(_("offered"), default=True)
    stripe_product_id = models.CharField(max_length=255, blank=True, editable=False)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["position", "code"]
        constraints = [
            # Stripe takes trials of up to two years.
            models.CheckConstraint(condition=Q(trial_days__lte=730), name="trial_within_two_years")
        ]

    def __str__(self) -> str:
        return self.name


class Interval(models.TextChoices):
    """How often a price is charged."""

    MONTH = "month", _("monthly")
    YEAR = "year", _("yearly")


class Price(models.Model):
    """A plan's price for one interval, in integer minor units."""

    plan = models.ForeignKey(Plan, related_name="prices", on_delete=models.CASCADE)
    interval = models.CharField(_("interval"), max_length=8, choices=Interval)
    unit_amount = models.PositiveIntegerField(_("amount"), help_text=_("in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="eur")
    stripe_price_id = models.CharField(max_length=255, blank=True, editable=False)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["interval"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "interval", "currency"], name="one_price_per_plan_and_interval"
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan.code} {self.interval} {self.unit_amount} {self.currency}"

    @property
    def lookup_key(self) -> str:
        """Return the name by which Stripe finds this price again."""
        return f"{self.plan.code}_{self.interval}_{self.currency}"
