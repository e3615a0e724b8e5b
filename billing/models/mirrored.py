"""Customers, and what we mirror of Stripe's objects."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.plans import Plan
from public_apps.tenants.models import Tenant


class Customer(models.Model):
    """A Stripe customer and the tenant that it pays for."""

    id = models.CharField(_("customer"), primary_key=True, max_length=255)
    tenant = models.ForeignKey(
        Tenant, verbose_name=_("tenant"), related_name="customers", on_delete=models.PROTECT
    )
    # Who made it, as far as we have seen: `stripe_account` believes no other about it.
    account = models.CharField(
        _("Stripe account"), max_length=80, blank=True, default="", db_default="", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    gone_at = models.DateTimeField(_("gone at Stripe"), null=True, blank=True)

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
    created_at = models.DateTimeField(_("created"), null=True, db_index=True)
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
    item_id = models.CharField(max_length=255, blank=True, editable=False)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    # What is charged: a price of ours may have been replaced since, or never have been ours.
    unit_amount = models.BigIntegerField(_("amount"), null=True, blank=True)
    # For a whole period, add-ons and quantities included; null where prices don't tell it.
    renewal_amount = models.BigIntegerField(_("amount of a period"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    interval = models.CharField(_("interval"), max_length=8, blank=True)
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
    amount_refunded = models.BigIntegerField(_("given back"), default=0)
    dispute_status = models.CharField(_("dispute"), max_length=40, blank=True)
    dispute_due_by = models.DateTimeField(_("dispute: answer by"), null=True, blank=True)

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
    bank_asks = models.BooleanField(_("the bank asks to confirm"), default=False)

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
