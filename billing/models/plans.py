"""What we sell: plans and their prices."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
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


class CurrencyField(models.CharField):  # type: ignore[type-arg]
    """A currency's three letters, small as Stripe writes them: `USD` and `usd` are one."""

    def to_python(self, value: Any) -> Any:
        """Return it in small letters."""
        return _small(super().to_python(value))

    def get_prep_value(self, value: Any) -> Any:
        """Let rows be written, and found, by small letters."""
        return _small(super().get_prep_value(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Leave on the object what the row gets."""
        value = _small(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value

    def deconstruct(self) -> Any:
        """Be a plain `CharField` to migrations: the column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def _small(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class Price(models.Model):
    """A plan's price for one interval, in integer minor units."""

    plan = models.ForeignKey(Plan, related_name="prices", on_delete=models.CASCADE)
    interval = models.CharField(_("interval"), max_length=8, choices=Interval)
    unit_amount = models.PositiveIntegerField(_("amount"), help_text=_("in cents"))
    currency = CurrencyField(
        _("currency"),
        max_length=3,
        default="eur",
        validators=[RegexValidator(r"^[a-z]{3}\Z", _("Three letters, such as eur."))],
    )
    # Empty: what stands here is not at Stripe (yet), so it is neither shown nor sold.
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the price; changed terms are not at Stripe until they are pushed."""
        if self.pk and not Price.objects.filter(pk=self.pk, **self._terms()).exists():
            self.stripe_price_id = ""
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "stripe_price_id"}
        super().save(*args, **kwargs)

    def _terms(self) -> dict[str, Any]:
        names = ("plan_id", "interval", "unit_amount", "currency")
        return {name: getattr(self, name) for name in names}

    @property
    def lookup_key(self) -> str:
        """Return the name by which Stripe finds this price again."""
        return f"{self.plan.code}_{self.interval}_{self.currency}"
