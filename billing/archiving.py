"""Archiving a tenant: its subscription ends first, so that nobody pays for a closed door."""

from __future__ import annotations

import structlog
from django.db import transaction

from billing import gateway, manual_mode, stripe_account, stripe_sync
from billing.access_policy import CHARGING_STATUSES
from billing.models import Customer, Subscription
from public_apps.core import clock
from public_apps.tenants import suspension
from public_apps.tenants.models import Aim, Tenant

log = structlog.get_logger(__name__)
# Besides those that charge now: Stripe may charge these again by itself or by a click.
MAY_CHARGE = CHARGING_STATUSES | {"unpaid", "paused", "incomplete"}


# Kept at Stripe, whatever becomes of our database: `recovery` reads it.
ARCHIVED = "The workspace was archived."
ERASED = "The workspace was deleted, as its owner wanted."


class NotArchived(Exception):
    """The subscription could not be ended, so the tenant stays as it is. The message says why."""


def archive(*, tenant: Tenant, by: str) -> None:
    """End the tenant's subscriptions at Stripe, then close its door; its data is kept.

    Raises `NotArchived`, with the tenant unchanged. Safe to call again.
    """
    cancelled = _end_at_stripe(tenant)
    with transaction.atomic():
        locked = suspension.lock(tenant.pk)
        locked.archived_at = locked.archived_at or clock.now()
        locked.save(update_fields=["archived_at"])
    log.info("tenant archived", schema=tenant.schema_name, by=by, cancelled=cancelled)
    _mirror_end(cancelled)


def end_subscriptions(*, tenant: Tenant) -> None:
    """End the tenant's subscriptions at Stripe now. Raises `NotArchived`. Safe to call again."""
    _mirror_end(_end_at_stripe(tenant))


def _end_at_stripe(tenant: Tenant) -> list[str]:
    try:
        with stripe_account.telling_staff():
            return _cancel_all(tenant)
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        raise NotArchived(f"Stripe could not be asked to end the subscription: {error}") from error


def _cancel_all(tenant: Tenant) -> list[str]:
    customer_ids = list(Customer.objects.filter(tenant=tenant).values_list("pk", flat=True))
    mirrored = Subscription.objects.filter(tenant=tenant, status__in=MAY_CHARGE, gone_at=None)
    if manual_mode.is_on() and mirrored.exists():
        raise NotArchived("Manual mode: Stripe can't be asked to end the subscription.")
    live = set(mirrored.values_list("pk", flat=True))
    if not manual_mode.is_on():
        for customer_id in customer_ids:
            live |= _live_at_stripe(customer_id)
    why = _why(tenant)
    for subscription_id in sorted(live):
        _cancel(subscription_id, why=why)
    return sorted(live)


def _why(tenant: Tenant) -> str:
    leaving = tenant.departures.filter(undone_at__isnull=True, aim=Aim.ERASURE)
    return ERASED if leaving.exists() else ARCHIVED


def _cancel(subscription_id: str, *, why: str) -> None:
    mirrored = Subscription.objects.filter(pk=subscription_id).first()
    stripe_account.found(
        lambda: gateway.cancel_subscription(subscription_id, comment=why),
        f"subscription {subscription_id} that could be ended",
        customer_id=mirrored.customer_id if mirrored else "",
        held=True,
    )


def _live_at_stripe(customer_id: str) -> set[str]:
    there = stripe_account.found(
        lambda: gateway.customer(customer_id), f"customer {customer_id}", customer_id=customer_id
    )
    if there is None:  # deleted: Stripe has ended its subscriptions
        return set()
    shown = gateway.subscriptions(customer_id=customer_id)
    return {each["id"] for each in shown if each["status"] in MAY_CHARGE}


def _mirror_end(subscription_ids: list[str]) -> None:
    for subscription_id in subscription_ids:
        try:
            stripe_sync.sync_subscription(subscription_id=subscription_id)
        except (gateway.StripeUnavailable, gateway.StripeRefused):
            # Done is done: the event that Stripe sends about it will mirror the end.
            log.warning("end of subscription not mirrored yet", subscription=subscription_id)
