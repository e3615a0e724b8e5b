"""Is what we hold what Stripe shows? Every difference, one line each.

Stripe is read by its lists, a hundred objects a call, so the whole fleet costs few calls. What a
list doesn't show is asked for by its id before we say that it is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from billing import (
    access,
    delayed_payments,
    gateway,
    mirrors,
    order_slips,
    stripe_account,
    stripe_sync,
)
from billing.access_policy import CHARGING_STATUSES
from billing.differences import Difference, Kind, compared, difference, one, unreadable
from billing.mirrors import Mirror
from billing.models import Customer, Mirrored, Subscription
from billing.stripe_account import KeyOwner
from public_apps.core import clock
from public_apps.tenants.models import Tenant

Document = dict[str, Any]
# A changed invoice older than this is found if we hold it as open, or with `tenant` given.
INVOICES_SINCE = timedelta(days=40)
__all__ = ["Difference", "Kind", "differences"]


def differences(
    *,
    tenant: Tenant | None = None,
    now: datetime | None = None,
    invoices_since: datetime | None = None,
) -> list[Difference]:
    """Compare one tenant, or all of them, with Stripe; invoices of the last 40 days, or since then.

    What Stripe refuses to show of one object, or of one kind, is a difference like others and keeps
    nothing else from being compared. Raises `gateway.StripeUnavailable` when Stripe can't be read, and
    `gateway.KeyInvalid` when it does not take our key.
    """
    now = now or clock.now()
    owner = KeyOwner()
    since = invoices_since or now - INVOICES_SINCE
    parts = {
        "customers": _customers(tenant, owner),
        "subscriptions": _subscriptions(tenant, owner),
        "invoices": _charged(mirrors.INVOICES, tenant, owner, since=since),
        "payments": _charged(mirrors.PAYMENTS, tenant, owner, since=since),
        "access": _access(tenant, now=now),
    }
    return [each for part, found in parts.items() for each in _readable(part, found)]


def _readable(part: str, found: Iterator[Difference]) -> Iterator[Difference]:
    try:
        yield from found
    except gateway.KeyInvalid:
        raise
    except gateway.StripeRefused as error:
        yield unreadable(f"all {part}", None, error)


# --- Customers ------------------------------------------------------------------------------------


def _customers(tenant: Tenant | None, owner: KeyOwner) -> Iterator[Difference]:
    ours = Customer.objects.select_related("tenant").filter(_of(tenant))
    # For one tenant a list of everybody would be a waste.
    listed = set() if tenant else {each["id"] for each in gateway.customers()}
    for customer in ours:
        if customer.gone_at and customer.pk not in listed:
            continue
        there = customer.pk in listed
        yield from one(customer.pk, customer.tenant, _existence(customer, there, owner))


def _existence(customer: Customer, listed: bool, owner: KeyOwner) -> Iterator[Difference]:
    there = listed or stripe_account.found(
        lambda: gateway.customer(customer.pk),
        f"customer {customer.pk}",
        customer_id=customer.pk,
        owner=owner,
    )
    if bool(there) == (customer.gone_at is not None):
        shown = ("gone", "there") if there else ("there", "gone")
        yield difference(Kind.CUSTOMER, customer.pk, customer.tenant, "existence", *shown)


def _of(tenant: Tenant | None) -> Q:
    return Q(tenant=tenant) if tenant else Q()


def _customers_of(tenant: Tenant) -> Iterator[str]:
    there = Customer.objects.filter(tenant=tenant, gone_at__isnull=True)
    yield from there.values_list("pk", flat=True)


# --- Subscriptions --------------------------------------------------------------------------------


def _subscriptions(tenant: Tenant | None, owner: KeyOwner) -> Iterator[Difference]:
    held = Subscription.objects.select_related("tenant").filter(_of(tenant))
    unseen = {each.pk: each for each in held}
    charging: dict[Tenant, list[str]] = defaultdict(list)
    for document in _listed_subscriptions(tenant):
        row = unseen.pop(document["id"], None)
        shown = _shown_subscription(document, row, charging)
        yield from one(document["id"], row.tenant if row else None, shown)
    for row in unseen.values():
        yield from mirrors.looked_up(mirrors.SUBSCRIPTIONS, row, owner)
    for payer, subscription_ids in charging.items():
        yield from _overcharged(payer, sorted(subscription_ids))


def _listed_subscriptions(tenant: Tenant | None) -> Iterator[Document]:
    if tenant is None:
        yield from gateway.subscriptions()
        return
    for customer_id in _customers_of(tenant):
        yield from gateway.subscriptions(customer_id=customer_id)


def _shown_subscription(
    document: Document, row: Subscription | None, charging: dict[Tenant, list[str]]
) -> Iterator[Difference]:
    shown = stripe_sync.subscription_shown(document, held=row)
    if shown.tenant is None:
        yield from _unclaimed(document)
        yield from _untold(shown, row)
    elif shown.status in CHARGING_STATUSES:
        charging[shown.tenant].append(shown.pk)
    if row is not None or shown.tenant is not None:
        yield from compared(Kind.SUBSCRIPTION, row, shown, mirrors.SUBSCRIPTION_FIELDS)


def _unclaimed(document: Document) -> Iterator[Difference]:
    signup_id = (document.get("metadata") or {}).get("signup_id")
    if not signup_id or document["status"] not in CHARGING_STATUSES:
        return
    slip = order_slips.read(document)
    if slip is not None and not slip.is_ours:  # a copy of us, on the same account
        return
    if not delayed_payments.is_awaited(document["id"]):  # such a one may run for days, unpaid
        told = f"{document['status']}, sign-up {signup_id}"
        yield difference(Kind.UNCLAIMED, document["id"], None, "tenant", "none", told)


def _untold(shown: Subscription, row: Subscription | None) -> Iterator[Difference]:
    """Yield a purchase made at Stripe that no event has told us of: staff have not heard of it."""
    if row is None and shown.plan and not shown.signup_id and shown.status in CHARGING_STATUSES:
        told = f"{shown.status}, bought at Stripe"
        yield difference(Kind.UNCLAIMED, shown.pk, None, "tenant", "none", told)


def _overcharged(payer: Tenant, subscription_ids: list[str]) -> Iterator[Difference]:
    told = " and ".join(subscription_ids)
    if payer.archived_at:
        yield difference(Kind.ARCHIVED, subscription_ids[0], payer, "charged", "archived", told)
    elif len(subscription_ids) > 1:
        yield difference(Kind.TWICE, subscription_ids[0], payer, "charged", "one at most", told)


# --- Invoices and payments ------------------------------------------------------------------------


def _charged(
    of: Mirror, tenant: Tenant | None, owner: KeyOwner, *, since: datetime
) -> Iterator[Difference]:
    held = of.model._default_manager.select_related("tenant").filter(_of(tenant))
    recent = held.filter(Q(created_at__gte=since) | of.standing)
    unseen = {each.pk: each for each in (held if tenant else recent)}
    for document in _listed(of, tenant, since=since):
        row = unseen.pop(document["id"], None)
        if row is None and of.is_quiet(document):
            continue
        yield from one(document["id"], row.tenant if row else None, _shown(of, row, document))
    for row in unseen.values():
        if row.tenant is not None:
            yield from mirrors.looked_up(of, row, owner)


def _listed(of: Mirror, tenant: Tenant | None, *, since: datetime) -> Iterator[Document]:
    if tenant is None:
        yield from of.listed(since=int(since.timestamp()))
        return
    for customer_id in _customers_of(tenant):
        yield from of.listed(customer_id=customer_id)


def _shown(of: Mirror, row: Mirrored | None, document: Document) -> Iterator[Difference]:
    shown = of.shown(document, row)
    if shown.tenant is not None:
        yield from compared(of.kind, row, shown, of.fields)


# --- Access ---------------------------------------------------------------------------------------


def _access(tenant: Tenant | None, *, now: datetime) -> Iterator[Difference]:
    serving = Tenant.objects.serving().filter(opened_at__isnull=False)
    for each in serving.filter(pk=tenant.pk) if tenant else serving.iterator():
        judged = access.access_mismatch(each, now=now)
        if judged is not None:
            is_now = "suspended" if each.suspended_at else "open"
            yield difference(
                Kind.ACCESS, each.schema_name, each, "access", is_now, judged.reason.rstrip(".")
            )
