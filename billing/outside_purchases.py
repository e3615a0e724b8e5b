"""What was bought at Stripe rather than here, at one of our prices: staff are told of it.

A Payment Link or the Dashboard makes a subscription that names no sign-up of ours, and whose customer
nobody has. Whoever pays for it has no workspace, so it is an incident until somebody opens one, links
the customer to the workspace that it pays for, or ends the subscription.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from billing.access_policy import CHARGING_STATUSES
from billing.models import OutsidePurchase, Subscription
from public_apps.core.templatetags.money import money
from public_apps.monitoring import incidents
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup, Source

BOUGHT_AT_STRIPE = incidents.kind(
    "bought_at_stripe",
    title=_("Somebody bought at Stripe and has no workspace"),
    advice=_(
        "By a Payment Link or in the Dashboard, at one of our prices. In the admin under “Purchases "
        "at Stripe”: “Open a workspace”. If it pays for a workspace that is there, link its customer "
        "on that workspace's page. If it is a mistake, end the subscription at Stripe."
    ),
)


def all_of_them() -> QuerySet[OutsidePurchase]:
    """Return every purchase of this kind, also those that have their workspace by now."""
    opened = Signup.objects.filter(source=Source.STRIPE, subscription_id__isnull=False)
    # Each half has an index of its own; an OR of them would read every subscription.
    either = waiting().values("pk").union(opened.values("subscription_id"))
    return OutsidePurchase.objects.filter(pk__in=either)


def waiting() -> QuerySet[Subscription]:
    """Return subscriptions to our plans that run, and that neither a sign-up nor a tenant has."""
    known = Signup.objects.filter(subscription_id=OuterRef("pk"))
    return Subscription.objects.filter(
        ~Exists(known),
        plan__isnull=False,
        tenant__isnull=True,
        signup_id="",
        status__in=CHARGING_STATUSES,
        gone_at__isnull=True,
    )


def is_waiting(subscription_id: str) -> bool:
    """Whether somebody pays for this subscription and has no workspace."""
    return waiting().filter(pk=subscription_id).exists()


def review(subscription: Subscription) -> None:
    """Tell staff of a purchase that has no workspace, once; end the incident when that is over."""
    about = Incident.objects.filter(kind=BOUGHT_AT_STRIPE.name, subject=subscription.pk)
    if not is_waiting(subscription.pk):
        incidents.report_one(BOUGHT_AT_STRIPE, subscription.pk, [])
    elif not about.filter(closed_at__isnull=False).exists():  # somebody has seen to it
        incidents.report_one(BOUGHT_AT_STRIPE, subscription.pk, [_line(subscription)])


def _line(subscription: Subscription) -> str:
    price = money(subscription.unit_amount or 0, subscription.currency)
    return f"{subscription.pk}: {subscription.plan}, {price}, customer {subscription.customer_id}"
