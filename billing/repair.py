"""Putting right what `reconcile` found, each kind by the verb that its events would have called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from billing import access, checkout, gateway, outside_purchases, purchases, reconcile, stripe_sync
from billing.outcomes import Ignored
from billing.reconcile import Difference, Kind
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
CAUSE = "reconcile"
ROUNDS = 3


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """What came of a repair, by another comparison: what is in line by now, and what is not.

    `undone` has a line for each where nothing could be done, with its reason.
    """

    mended: list[Difference]
    left: list[Difference]
    undone: list[str]


def until_still(
    found: list[Difference] | None = None,
    *,
    tenant: Tenant | None = None,
    invoices_since: datetime | None = None,
) -> Repaired:
    """Repair and compare again while a repair shows more: a workspace that is found has invoices.

    Begins with `found`, or with a comparison. Raises what `reconcile.differences` raises.
    """

    def compare() -> list[Difference]:
        return reconcile.differences(tenant=tenant, invoices_since=invoices_since)

    left = compare() if found is None else found
    seen: dict[str, Difference] = {}
    undone: list[str] = []
    for _round in range(ROUNDS):
        before = {each.line: each for each in left}
        if not before:
            break
        seen |= before
        undone = repair(left)
        left = compare()
        if before.keys() >= {each.line for each in left}:
            break
    lines = {each.line for each in left}
    for line in seen:
        log.info("drift not repaired" if line in lines else "drift repaired", difference=line)
    mended = [each for line, each in seen.items() if line not in lines]
    return Repaired(mended=mended, left=left, undone=undone)


def repair(found: Iterable[Difference]) -> list[str]:
    """Bring our side to what Stripe shows; return a line for each where nothing could be done.

    Whom to refund, and which of two subscriptions to end, is for people: those stay as they are.
    """
    done = set()
    undone = []
    for difference in found:
        mend = _REPAIRS.get(difference.kind)
        what = (difference.kind, difference.object_id)
        if mend is not None and what not in done:
            why_not = mend(difference.object_id)
            if why_not:
                log.info("nothing done", difference=difference.line, why=why_not)
                undone.append(f"{difference.line}: {why_not}")
        done.add(what)
    return undone


def _customer(customer_id: str) -> None:
    stripe_sync.sync_customer(customer_id=customer_id)


def _subscription(subscription_id: str) -> None:
    access.sync_subscription(subscription_id=subscription_id)


def _invoice(invoice_id: str) -> None:
    stripe_sync.sync_invoice(invoice_id=invoice_id)
    for each in gateway.credit_notes(invoice_id=invoice_id):
        stripe_sync.sync_credit_note(credit_note_id=each["id"])


def _payment(payment_intent_id: str) -> None:
    stripe_sync.sync_payment(payment_intent_id=payment_intent_id)


def _access(schema_name: str) -> None:
    tenant = Tenant.objects.get(schema_name=schema_name)
    access.review(tenant_id=tenant.pk, cause=CAUSE)


def _unclaimed(subscription_id: str) -> str | None:
    mirrored = access.sync_subscription(subscription_id=subscription_id)
    if mirrored is not None:
        purchases.follow(mirrored)
    if outside_purchases.is_waiting(subscription_id):
        return None  # staff have been told, and open the workspace
    session = gateway.session_of_subscription(subscription_id)
    if session is None:
        return (
            "It was bought in no session: link its customer on a workspace's page. If this database "
            "came back from a dump: “manage.py recover --since TIME”."
        )
    outcome = checkout.settle_session(session_id=session["id"])
    if isinstance(outcome, Ignored):
        return outcome.reason
    return None if outcome.tenant else "Its sign-up is not paid: there is nothing to open."


_REPAIRS: dict[Kind, Callable[[str], str | None]] = {
    Kind.CUSTOMER: _customer,
    Kind.SUBSCRIPTION: _subscription,
    Kind.INVOICE: _invoice,
    Kind.PAYMENT: _payment,
    Kind.ACCESS: _access,
    Kind.UNCLAIMED: _unclaimed,
}
