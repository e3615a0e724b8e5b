"""Money's side of public: plans that we sell, events that Stripe sent, and what we mirror of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from public_apps.tenants.models import Tenant


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


class EventStatus(models.TextChoices):
    """What became of an event. `received` is the only one that is still due."""

    RECEIVED = "received", _("Received")
    PROCESSED = "processed", _("Processed")
    IGNORED = "ignored", _("Ignored")
    FAILED = "failed", _("Failed")
    PARKED = "parked", _("Parked")


class StripeEvent(models.Model):
    """The inbox: every event that Stripe signed, exactly once, and what we made of it."""

    id = models.CharField(_("event"), primary_key=True, max_length=255)
    type = models.CharField(_("type"), max_length=120)
    api_version = models.CharField(_("API version"), max_length=40, blank=True)
    livemode = models.BooleanField(_("live mode"))
    object_id = models.CharField(_("object"), max_length=255, blank=True)
    payload = models.JSONField(_("payload"))
    status = models.CharField(
        _("status"), max_length=12, choices=EventStatus, default=EventStatus.RECEIVED
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error or reason"), max_length=1000, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    processed_at = models.DateTimeField(_("finished"), null=True, blank=True)
    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), null=True, blank=True, on_delete=models.SET_NULL
    )

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["received", "parked"], processed_at__isnull=True)
                | Q(status__in=["processed", "ignored", "failed"], processed_at__isnull=False),
                name="event_status_and_time_agree",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(status="received"), name="event_due"
            ),
            models.Index(fields=["-received_at"], name="event_newest_first"),
            models.Index(fields=["object_id"], name="event_object"),
            models.Index(fields=["status", "-received_at"], name="event_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class Customer(models.Model):
    """A Stripe customer and the tenant that it pays for."""

    id = models.CharField(_("customer"), primary_key=True, max_length=255)
    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), related_name="customers", on_delete=models.PROTECT
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.id


class Mirrored(models.Model):
    """A copy of a Stripe object: written under its row's lock from a fresh fetch, never from events."""

    id = models.CharField(_("Stripe id"), primary_key=True, max_length=255)
    customer_id = models.CharField(_("customer"), max_length=255, blank=True, db_index=True)
    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), null=True, blank=True, on_delete=models.PROTECT
    )
    status = models.CharField(_("status"), max_length=40, blank=True)
    created_at = models.DateTimeField(_("created"), null=True)
    synced_at = models.DateTimeField(_("last synced"), null=True)
    gone_at = models.DateTimeField(_("gone at Stripe"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.id} ({self.status})"


class Subscription(Mirrored):
    """A subscription as Stripe last showed it."""

    plan = models.ForeignKey(
        Plan, verbose_name=_("plan"), null=True, blank=True, on_delete=models.PROTECT
    )
    price_id = models.CharField(_("price"), max_length=255, blank=True)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    current_period_start = models.DateTimeField(_("period began"), null=True, blank=True)
    current_period_end = models.DateTimeField(_("period ends"), null=True, blank=True)
    trial_end = models.DateTimeField(_("trial ends"), null=True, blank=True)
    cancel_at = models.DateTimeField(_("will be cancelled"), null=True, blank=True)
    cancel_at_period_end = models.BooleanField(_("cancelled at period end"), default=False)
    canceled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    collection_paused = models.BooleanField(_("collection paused"), default=False)
    past_due_since = models.DateTimeField(_("past due since"), null=True, blank=True)

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")


class Payment(Mirrored):
    """A payment intent as Stripe last showed it; amounts in integer minor units."""

    amount = models.BigIntegerField(_("amount"), default=0)
    amount_received = models.BigIntegerField(_("received"), default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    error = models.CharField(_("why it failed"), max_length=300, blank=True)

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("payment")
        verbose_name_plural = _("payments")


class Invoice(Mirrored):
    """An invoice as Stripe last showed it; amounts in integer minor units."""

    number = models.CharField(_("number"), max_length=80, blank=True)
    subscription_id = models.CharField(_("subscription"), max_length=255, blank=True, db_index=True)
    amount_due = models.BigIntegerField(_("due"), default=0)
    amount_paid = models.BigIntegerField(_("paid"), default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    hosted_url = models.URLField(_("invoice page"), max_length=2000, blank=True)
    pdf_url = models.URLField(_("PDF"), max_length=2000, blank=True)
    next_attempt_at = models.DateTimeField(_("next try"), null=True, blank=True)
    attempt_count = models.PositiveIntegerField(_("tries"), default=0)

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")


class ManualPayment(models.Model):
    """A payment that came outside of Stripe, recorded by staff: access follows `paid_until`."""

    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), related_name="manual_payments", on_delete=models.PROTECT
    )
    amount = models.BigIntegerField(_("amount"), help_text=_("in cents"))
    currency = models.CharField(_("currency"), max_length=3, default="eur")
    reference = models.CharField(_("reference"), max_length=200)
    paid_until = models.DateTimeField(_("paid until"))
    recorded_by = models.EmailField(_("recorded by"), editable=False)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("manual payment")
        verbose_name_plural = _("manual payments")
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="manual_payment_is_money"),
            # The same transfer typed in twice is one payment.
            models.UniqueConstraint(
                fields=["tenant", "reference"], name="one_payment_per_reference"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} ({self.amount} {self.currency})"


class Lead(models.Model):
    """A sign-up that came while the shop was closed (manual mode): staff follow it up."""

    organization = models.CharField(_("organisation"), max_length=120)
    subdomain = models.CharField(_("subdomain"), max_length=40)
    email = models.EmailField(_("e-mail"))
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    plan = models.CharField(_("plan"), max_length=40)
    interval = models.CharField(_("interval"), max_length=8)
    created_at = models.DateTimeField(_("came"), default=timezone.now)

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        constraints = [
            # Pressing the button again keeps one lead, not two.
            models.UniqueConstraint(fields=["email", "subdomain"], name="one_lead_per_wish")
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.email})"
