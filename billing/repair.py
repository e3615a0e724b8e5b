"""Putting right what `reconcile` found, each kind by the verb that its events would have called."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from billing import access, checkout, gateway, stripe_sync
from billing.reconcile import Difference, Kind
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
CAUSE = "reconcile"


def repair(found: Iterable[Difference]) -> None:
    """Bring our side to what Stripe shows; nothing is ever changed at Stripe.

    Whom to refund, and which of two subscriptions to end, is for people: those stay as they are.
    """
    done = set()
    for difference in found:
        mend = _REPAIRS.get(difference.kind)
        what = (difference.kind, difference.object_id)
        if mend is not None and what not in done:
            mend(difference.object_id)
            log.info("drift repaired", difference=difference.line)
        done.add(what)


def _customer(customer_id: str) -> None:
    stripe_sync.sync_customer(customer_id=customer_id)


def _subscription(subscription_id: str) -> None:
    access.sync_subscription(subscription_id=subscription_id)


def _invoice(invoice_id: str) -> None:
    stripe_sync.sync_invoice(invoice_id=invoice_id)


def _access(schema_name: str) -> None:
    tenant = Tenant.objects.get(schema_name=schema_name)
    access.review(tenant_id=tenant.pk, cause=CAUSE)


def _unclaimed(subscription_id: str) -> None:
    session = gateway.session_of_subscription(subscription_id)
    if session is not None:
        checkout.settle_session(session_id=session["id"])


_REPAIRS: dict[Kind, Callable[[str], None]] = {
    Kind.CUSTOMER: _customer,
    Kind.SUBSCRIPTION: _subscription,
    Kind.INVOICE: _invoice,
    Kind.ACCESS: _access,
    Kind.UNCLAIMED: _unclaimed,
}
