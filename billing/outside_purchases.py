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


LOST_PURCHASE = incidents.kind(
    "lost_purchase",
    title=_("Somebody has paid whose sign-up is lost"),
    advice=_(
        "Bought on our site since the database's last dump, and Stripe does not tell all that a "
        "workspace needs. In the admin under “Purchases at Stripe”: “Open a workspace”. If it pays "
        "for a workspace that is there, link its customer on that workspace's page."
    ),
)


def all_of_them() -> QuerySet[OutsidePurchase]:
    """Return every purchase of this kind, also those that have their workspace by now."""
    opened = Signup.objects.filter(source=Source.STRIPE, subscription_id__isnull=False)
    # Each half has an index of its own; an OR of them would read every subscription.
    either = waiting().values("pk").union(lost().values("pk"), opened.values("subscription_id"))
    return OutsidePurchase.objects.filter(pk__in=either)


def waiting() -> QuerySet[Subscription]:
    """Return subscriptions to our plans that run, and that neither a sign-up nor a tenant has."""
    return _of_nobody().filter(signup_id="")


def lost() -> QuerySet[Subscription]:
    """Return such subscriptions that name a sign-up which `recover` could not make again."""
    told = Incident.objects.filter(kind=LOST_PURCHASE.name)
    # Asked first, for they are few: as a part of the query, every subscription would be read.
    return _of_nobody().filter(pk__in=list(told.values_list("subject", flat=True)))


def _of_nobody() -> QuerySet[Subscription]:
    known = Signup.objects.filter(subscription_id=OuterRef("pk"))
    return Subscription.objects.filter(
        ~Exists(known),
        plan__isnull=False,
        tenant__isnull=True,
        status__in=CHARGING_STATUSES,
        gone_at__isnull=True,
    )


def is_waiting(subscription_id: str) -> bool:
    """Whether somebody pays for this subscription and has no workspace."""
    either = (waiting(), lost())
    return any(each.filter(pk=subscription_id).exists() for each in either)


def tell_lost(subscription: Subscription, *, why: str) -> None:
    """Put a purchase on staff's list whose sign-up is lost; they hear of it once."""
    about = Incident.objects.filter(kind=LOST_PURCHASE.name, subject=subscription.pk)
    if about.filter(closed_at__isnull=False).exists():  # somebody has seen to it
        return
    incidents.report_one(LOST_PURCHASE, subscription.pk, [f"{_line(subscription)}: {why}"])


def review(subscription: Subscription) -> None:
    """Tell staff of a purchase that has no workspace, once; end the incident when that is over."""
    about = Incident.objects.filter(kind=BOUGHT_AT_STRIPE.name, subject=subscription.pk)
    if not is_waiting(subscription.pk):
        for kind in (BOUGHT_AT_STRIPE, LOST_PURCHASE):
            incidents.report_one(kind, subscription.pk, [])
    elif subscription.signup_id or about.filter(closed_at__isnull=False).exists():
        return  # `recover` has told of it, or somebody has seen to it
    else:
        incidents.report_one(BOUGHT_AT_STRIPE, subscription.pk, [_line(subscription)])


def _line(subscription: Subscription) -> str:
    price = money(subscription.unit_amount or 0, subscription.currency)
    return f"{subscription.pk}: {subscription.plan}, {price}, customer {subscription.customer_id}"
