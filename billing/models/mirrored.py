"""Customers, and what we mirror of Stripe's objects."""

from __future__ import annotations

from django.db import models
from django.db.models import Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing.models.documented import Documented
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
    # As Stripe keeps it, in minor units: what is below nothing is credit for the next invoices.
    balance = models.BigIntegerField(_("balance"), default=0, db_default=0, editable=False)
    currency = models.CharField(
        _("currency"), max_length=3, blank=True, default="", db_default="", editable=False
    )
    # Its address at Stripe is still to be written, since then: `billing.contacts`.
    contact_due_at = models.DateTimeField(null=True, blank=True, db_index=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    gone_at = models.DateTimeField(_("gone at Stripe"), null=True, blank=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.id

    @property
    def credit(self) -> int:
        """What the next invoices are less by, in minor units."""
        return max(0, -self.balance)


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
    # As its metadata names it; empty for what nobody bought on our site.
    signup_id = models.CharField(
        _("sign-up"), max_length=40, blank=True, default="", db_default="", editable=False
    )
    price_id = models.CharField(_("price"), max_length=255, blank=True)
    item_id = models.CharField(max_length=255, blank=True, editable=False)
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    # What is charged: a price of ours may have been replaced since, or never have been ours.
    unit_amount = models.BigIntegerField(_("amount"), null=True, blank=True)
    # For a whole period, add-ons and quantities included; null where prices don't tell it.
    renewal_amount = models.BigIntegerField(_("amount of a period"), null=True, blank=True)
    # All that is charged, as `subscription_items.told` has it.
    items = models.JSONField(
        _("items"), default=list, db_default=Value([], models.JSONField()), editable=False
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    interval = models.CharField(_("interval"), max_length=8, blank=True)
    interval_count = models.PositiveSmallIntegerField(
        _("intervals a period"), default=1, db_default=1
    )
    current_period_start = models.DateTimeField(_("period began"), null=True, blank=True)
    current_period_end = models.DateTimeField(_("period ends"), null=True, blank=True)
    trial_end = models.DateTimeField(_("trial ends"), null=True, blank=True)
    cancel_at = models.DateTimeField(_("will be cancelled"), null=True, blank=True)
    cancel_at_period_end = models.BooleanField(_("cancelled at period end"), default=False)
    canceled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    collection_paused = models.BooleanField(_("collection paused"), default=False)
    past_due_since = models.DateTimeField(_("past due since"), null=True, blank=True)
    # What waits for its payment, and what has waited too long, as `pending_changes` writes them.
    pending_change = models.JSONField(null=True, blank=True, editable=False)
    lapsed_change = models.JSONField(null=True, blank=True, editable=False)
    # What manages it at Stripe, and what that will change, as `scheduled_changes` writes them.
    schedule_id = models.CharField(
        _("schedule"), max_length=255, blank=True, default="", db_default="", editable=False
    )
    scheduled_change = models.JSONField(null=True, blank=True, editable=False)

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        indexes = [
            models.Index(
                fields=["-created_at"],
                condition=models.Q(tenant__isnull=True, signup_id=""),
                name="subscription_of_nobody",
            ),
        ]

    @property
    def pending_price_id(self) -> str:
        """The price that the subscription has once its pending change is paid, if there is one."""
        return str((self.pending_change or {}).get("price") or "")

    @property
    def scheduled_price_id(self) -> str:
        """The price that its schedule brings it to, or has brought it to."""
        return str((self.scheduled_change or {}).get("price") or "")


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


class Invoice(Mirrored, Documented):
    """An invoice as Stripe last showed it; amounts in integer minor units."""

    number = models.CharField(_("number"), max_length=80, blank=True)
    subscription_id = models.CharField(_("subscription"), max_length=255, blank=True, db_index=True)
    amount_due = models.BigIntegerField(_("due"), default=0)
    amount_paid = models.BigIntegerField(_("paid"), default=0)
    # By credit notes, whether they lessened what was due or came after it was paid.
    amount_credited = models.BigIntegerField(_("credited"), default=0, db_default=0)
    discount = models.BigIntegerField(_("discount"), default=0, db_default=0)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    hosted_url = models.URLField(_("invoice page"), max_length=2000, blank=True)
    pdf_url = models.URLField(_("PDF"), max_length=2000, blank=True)
    due_at = models.DateTimeField(_("to be paid by"), null=True, blank=True)
    next_attempt_at = models.DateTimeField(_("next try"), null=True, blank=True)
    attempt_count = models.PositiveIntegerField(_("tries"), default=0)
    bank_asks = models.BooleanField(_("the bank asks to confirm"), default=False)
    # Such as by SEPA: it was tried, and days pass before anybody knows whether it was paid.
    debit_under_way = models.BooleanField(
        _("a debit is under way"), default=False, db_default=False
    )

    class Meta(Mirrored.Meta):
        abstract = False
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        permissions = [("export_documents", "Can take a month's documents along")]
