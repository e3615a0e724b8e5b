"""Is what we hold what Stripe shows? Every difference, one line each.

Stripe is read by its lists, a hundred objects a call, so the whole fleet costs few calls. What a
list doesn't show is asked for by its id before we say that it is gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils import timezone

from billing import access, gateway, stripe_sync
from billing.models import Customer, Invoice, Mirrored, Subscription
from billing.stripe_account import KeyOwner
from public_apps.tenants.models import Tenant

Document = dict[str, Any]
# A changed invoice older than this is found if we hold it as open, or with `tenant` given.
INVOICES_SINCE = timedelta(days=40)
CHARGING = frozenset({"trialing", "active", "past_due"})
SUBSCRIPTION_FIELDS = (
    "tenant_id", "customer_id", "status", "price_id", "quantity", "renewal_amount",
    "current_period_start", "current_period_end", "trial_end", "cancel_at",
    "cancel_at_period_end", "canceled_at", "ended_at", "collection_paused", "gone_at",
)  # fmt: skip
INVOICE_FIELDS = (
    "tenant_id", "customer_id", "status", "subscription_id", "amount_due", "amount_paid", "gone_at",
)  # fmt: skip


class Kind(StrEnum):
    """What a difference is about."""

    CUSTOMER = "customer"
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"
    ACCESS = "access"
    UNCLAIMED = "unclaimed"  # bought from us, and no tenant has it
    TWICE = "charged-twice"  # two live subscriptions of one tenant
    ARCHIVED = "archived-charged"  # a live subscription of an archived tenant
    FOREIGN = "another-account"  # our key can't see it, and may be of another account: no drift


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that we hold otherwise than Stripe shows it."""

    kind: Kind
    object_id: str
    tenant: str  # its schema, or nothing if no tenant is known
    field: str
    ours: str
    stripes: str

    @property
    def line(self) -> str:
        """Return the difference for people, and to recognise it by."""
        where = self.tenant or "no tenant"
        ours_and_theirs = f"ours {self.ours}, Stripe's {self.stripes}"
        return f"{self.kind} {self.object_id} ({where}): {self.field}: {ours_and_theirs}"


def differences(*, tenant: Tenant | None = None, now: datetime | None = None) -> list[Difference]:
    """Compare one tenant, or all of them, with Stripe.

    Raises `gateway.StripeUnavailable` or `gateway.StripeRefused` when Stripe can't be read.
    """
    now = now or timezone.now()
    owner = KeyOwner()
    return [
        *_customers(tenant, owner),
        *_subscriptions(tenant, owner),
        *_invoices(tenant, owner, now=now),
        *_access(tenant, now=now),
    ]


# --- Customers ------------------------------------------------------------------------------------


def _customers(tenant: Tenant | None, owner: KeyOwner) -> Iterator[Difference]:
    ours = Customer.objects.select_related("tenant").filter(_of(tenant))
    # For one tenant a list of everybody would be a waste.
    listed = set() if tenant else {each["id"] for each in gateway.customers()}
    for customer in ours:
        if customer.gone_at and customer.pk not in listed:
            continue
        there = customer.pk in listed or gateway.customer(customer.pk) is not None
        if not there and (why := owner.doubts(customer_id=customer.pk)):
            yield _unseen(customer.pk, customer.tenant, why)
        elif there == (customer.gone_at is not None):
            shown = ("gone", "there") if there else ("there", "gone")
            yield _difference(Kind.CUSTOMER, customer.pk, customer.tenant, "existence", *shown)


def _of(tenant: Tenant | None) -> Q:
    return Q(tenant=tenant) if tenant else Q()


# --- Subscriptions --------------------------------------------------------------------------------


def _subscriptions(tenant: Tenant | None, owner: KeyOwner) -> Iterator[Difference]:
    held = Subscription.objects.select_related("tenant").filter(_of(tenant))
    unseen = {each.pk: each for each in held}
    charging: dict[Tenant, list[str]] = defaultdict(list)
    for document in _listed_subscriptions(tenant):
        row = unseen.pop(document["id"], None)
        shown = stripe_sync.subscription_shown(document, held=row)
        if shown.tenant is None:
            yield from _unclaimed(document)
        elif shown.status in CHARGING:
            charging[shown.tenant].append(shown.pk)
        if row is not None or shown.tenant is not None:
            yield from _compared(Kind.SUBSCRIPTION, row, shown, SUBSCRIPTION_FIELDS)
    for row in unseen.values():
        yield from _looked_up(row, gateway.subscription(row.pk), owner)
    for payer, subscription_ids in charging.items():
        yield from _overcharged(payer, sorted(subscription_ids))


def _listed_subscriptions(tenant: Tenant | None) -> Iterator[Document]:
    if tenant is None:
        yield from gateway.subscriptions()
        return
    for customer in Customer.objects.filter(tenant=tenant, gone_at__isnull=True):
        yield from gateway.subscriptions(customer_id=customer.pk)


def _unclaimed(document: Document) -> Iterator[Difference]:
    signup_id = (document.get("metadata") or {}).get("signup_id")
    if signup_id and document["status"] in CHARGING:
        told = f"{document['status']}, sign-up {signup_id}"
        yield _difference(Kind.UNCLAIMED, document["id"], None, "tenant", "none", told)


def _looked_up(
    row: Subscription, document: Document | None, owner: KeyOwner
) -> Iterator[Difference]:
    """Compare what the list did not show: gone, or of a customer that is not this tenant's."""
    if document is not None:
        shown = stripe_sync.subscription_shown(document, held=row)
        yield from _compared(Kind.SUBSCRIPTION, row, shown, SUBSCRIPTION_FIELDS)
    elif row.gone_at is None and (why := owner.doubts(customer_id=row.customer_id, held=True)):
        yield _unseen(row.pk, row.tenant, why)
    elif row.gone_at is None:
        yield _difference(
            Kind.SUBSCRIPTION, row.pk, row.tenant, "existence", row.status or "noted", "gone"
        )


def _overcharged(payer: Tenant, subscription_ids: list[str]) -> Iterator[Difference]:
    told = " and ".join(subscription_ids)
    if payer.archived_at:
        yield _difference(Kind.ARCHIVED, subscription_ids[0], payer, "charged", "archived", told)
    elif len(subscription_ids) > 1:
        yield _difference(Kind.TWICE, subscription_ids[0], payer, "charged", "one at most", told)


# --- Invoices -------------------------------------------------------------------------------------


def _invoices(tenant: Tenant | None, owner: KeyOwner, *, now: datetime) -> Iterator[Difference]:
    since = now - INVOICES_SINCE
    held = Invoice.objects.select_related("tenant").filter(_of(tenant), tenant__isnull=False)
    recent = held.filter(Q(created_at__gte=since) | Q(status="open"))
    unseen = {each.pk: each for each in (held if tenant else recent)}
    for document in _listed_invoices(tenant, since=since):
        row = unseen.pop(document["id"], None)
        if row is None and _is_quiet(document):
            continue
        shown = stripe_sync.invoice_shown(document)
        if shown.tenant is not None:
            yield from _compared(Kind.INVOICE, row, shown, INVOICE_FIELDS)
    for row in unseen.values():
        fresh = gateway.invoice(row.pk)
        if fresh is not None:
            yield from _compared(
                Kind.INVOICE, row, stripe_sync.invoice_shown(fresh), INVOICE_FIELDS
            )
        elif row.gone_at is None and (why := owner.doubts(customer_id=row.customer_id, held=True)):
            yield _unseen(row.pk, row.tenant, why)
        elif row.gone_at is None:
            yield _difference(Kind.INVOICE, row.pk, row.tenant, "existence", row.status, "gone")


def _listed_invoices(tenant: Tenant | None, *, since: datetime) -> Iterator[Document]:
    if tenant is None:
        yield from gateway.invoices(since=int(since.timestamp()))
        return
    for customer in Customer.objects.filter(tenant=tenant, gone_at__isnull=True):
        yield from gateway.invoices(customer_id=customer.pk)


def _is_quiet(document: Document) -> bool:
    """Whether nothing has happened yet that Stripe would have told us of."""
    untried = document["status"] == "open" and not document.get("attempt_count")
    return document["status"] == "draft" or untried


# --- Access ---------------------------------------------------------------------------------------


def _access(tenant: Tenant | None, *, now: datetime) -> Iterator[Difference]:
    serving = Tenant.objects.serving().filter(opened_at__isnull=False)
    for each in serving.filter(pk=tenant.pk) if tenant else serving.iterator():
        judged = access.access_mismatch(each, now=now)
        if judged is not None:
            is_now = "suspended" if each.suspended_at else "open"
            yield _difference(
                Kind.ACCESS, each.schema_name, each, "access", is_now, judged.reason.rstrip(".")
            )


# --- Comparing ------------------------------------------------------------------------------------


def _compared(
    kind: Kind, row: Mirrored | None, shown: Mirrored, fields: tuple[str, ...]
) -> Iterator[Difference]:
    if row is None:
        yield _difference(kind, shown.pk, shown.tenant, "existence", "missing", shown.status)
        return
    for field in fields:
        ours, stripes = getattr(row, field), getattr(shown, field)
        if ours != stripes:
            yield _difference(kind, row.pk, row.tenant, field, _said(ours), _said(stripes))


def _unseen(object_id: str, tenant: Tenant | None, why: str) -> Difference:
    return _difference(Kind.FOREIGN, object_id, tenant, "existence", "there", f"unknown: {why}")


def _difference(
    kind: Kind, object_id: str, tenant: Tenant | None, field: str, ours: str, stripes: str
) -> Difference:
    return Difference(
        kind=kind,
        object_id=object_id,
        tenant=tenant.schema_name if tenant else "",
        field=field,
        ours=ours,
        stripes=stripes,
    )


def _said(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    return value.isoformat() if isinstance(value, datetime) else str(value)
