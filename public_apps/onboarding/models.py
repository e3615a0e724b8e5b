"""The sign-up: somebody's wish for a workspace, from the form to the open door."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from public_apps.core.email_addresses import AddressField
from public_apps.core.names import NameField
from public_apps.tenants.models import Tenant


class Stage(models.TextChoices):
    """How far a sign-up has come, as `GET /api/billing/checkout/<session_id>/` tells."""

    AWAITING_PAYMENT = "awaiting_payment", _("Awaiting payment")
    PAID = "paid", _("Paid")
    PROVISIONING = "provisioning", _("Being set up")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


class Source(models.TextChoices):
    """Where a sign-up came from."""

    CHECKOUT = "checkout", _("Checkout")
    MANUAL = "manual", _("By staff")
    STRIPE = "stripe", _("Bought at Stripe")


class Ordered(models.Model):
    """What somebody types to get a workspace, as `signup.SignupData` has it.

    API, forms, leads and erasing follow these fields: another one is added here and there, and
    nowhere else.
    """

    organization = NameField(_("organisation"), max_length=120)
    subdomain = models.CharField(_("subdomain"), max_length=40)
    email = AddressField(_("e-mail"))
    first_name = NameField(_("first name"), max_length=80)
    last_name = NameField(_("last name"), max_length=80)
    plan = models.CharField(_("plan"), max_length=40)
    interval = models.CharField(_("interval"), max_length=8)
    # As VIES writes it, such as EL094014201; empty for people who are no business.
    tax_id = models.CharField(_("VAT number"), max_length=20, blank=True, default="", db_default="")

    class Meta:
        abstract = True


class Signup(Ordered):
    """One sign-up. Its times are the record of what is done; a null is what remains to do."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    requested_subdomain = models.CharField(_("requested subdomain"), max_length=40)
    language = models.CharField(_("language"), max_length=8, default="en")
    source = models.CharField(
        _("source"), max_length=10, choices=Source, default=Source.CHECKOUT, editable=False
    )

    checkout_session_id = models.CharField(
        _("checkout session"), max_length=255, unique=True, null=True, blank=True
    )
    checkout_url = models.URLField(_("checkout URL"), max_length=2000, blank=True)
    session_expires_at = models.DateTimeField(_("session expires"), null=True, blank=True)
    # The site that the buyer came from and returns to; empty: the one of our settings.
    frontend_url = models.CharField(
        _("frontend"), max_length=200, blank=True, default="", db_default="", editable=False
    )
    # At Stripe; known from the moment that the payment page is done with, whether it is paid or not.
    subscription_id = models.CharField(
        _("subscription"), max_length=255, unique=True, null=True, blank=True, editable=False
    )
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 - unique where given
    request_fingerprint = models.CharField(max_length=64, blank=True)

    created_at = models.DateTimeField(_("started"), db_default=Now(), db_index=True)
    # The name is held while this is null; a unique index over held names settles every race.
    released_at = models.DateTimeField(_("name released"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("order given up"), null=True, blank=True, editable=False)
    # A payment of days, such as a SEPA debit, is on its way since then; and when Stripe is asked again.
    pending_at = models.DateTimeField(_("payment under way"), null=True, blank=True, editable=False)
    look_again_at = models.DateTimeField(_("asked again"), null=True, blank=True, editable=False)
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    tenant = models.OneToOneField(
        Tenant, verbose_name=_("tenant"), null=True, blank=True, on_delete=models.PROTECT
    )
    workspace_at = models.DateTimeField(_("workspace assigned"), null=True, blank=True)
    address_at = models.DateTimeField(_("address given"), null=True, blank=True)
    owner_at = models.DateTimeField(_("owner created"), null=True, blank=True)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    failed_at = models.DateTimeField(_("failed"), null=True, blank=True)
    failure = models.CharField(_("why it failed"), max_length=500, blank=True)
    # What became of one that failed: paid too late and given back, or never paid and ended at Stripe.
    refunded_at = models.DateTimeField(_("given back"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended at Stripe"), null=True, blank=True, editable=False)
    welcome_mails = models.PositiveSmallIntegerField(_("welcome mails asked for"), default=0)

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        constraints = [
            models.UniqueConstraint(
                fields=["subdomain"],
                condition=Q(released_at__isnull=True),
                name="one_signup_holds_a_subdomain",
            ),
            models.UniqueConstraint(
                fields=["idempotency_key"],
                condition=Q(released_at__isnull=True, idempotency_key__isnull=False),
                name="one_signup_per_idempotency_key",
            ),
            models.CheckConstraint(
                condition=Q(tenant__isnull=True) | Q(paid_at__isnull=False),
                name="only_paid_signups_get_a_tenant",
            ),
            models.CheckConstraint(
                condition=Q(tenant__isnull=True, workspace_at__isnull=True)
                | Q(tenant__isnull=False, workspace_at__isnull=False),
                name="tenant_and_its_time_agree",
            ),
            models.CheckConstraint(
                condition=Q(source="checkout") | Q(checkout_session_id__isnull=True),
                name="only_a_checkout_has_a_session",
            ),
            models.CheckConstraint(
                condition=Q(ready_at__isnull=True) | Q(owner_at__isnull=False),
                name="a_ready_signup_has_an_owner",
            ),
        ]
        indexes = [
            models.Index(
                fields=["paid_at"],
                condition=Q(paid_at__isnull=False, ready_at__isnull=True),
                name="signup_unfinished",
            ),
            models.Index(
                fields=["session_expires_at"],
                condition=Q(paid_at__isnull=True, released_at__isnull=True),
                name="signup_awaiting_payment",
            ),
            models.Index(
                fields=["subscription_id"],
                condition=Q(source=Source.STRIPE),
                name="signup_bought_at_stripe",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} ({self.subdomain})"

    @property
    def stage(self) -> Stage:
        """Return how far this sign-up has come."""
        if self.ready_at:
            return Stage.READY
        if self.paid_at:
            return Stage.PROVISIONING if self.tenant_id else Stage.PAID
        if self.failed_at:
            return Stage.FAILED
        return Stage.EXPIRED if self.released_at else Stage.AWAITING_PAYMENT
