"""Nothing that is paid is left without its tenant, whatever came first; and a wrong link is undone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from billing import manual_mode, reconcile, repair, stripe_sync
from billing.differences import Difference
from billing.models import Customer as Customers
from billing.models import Invoice, Mirrored, Payment, StripeEvent, Subscription
from public_apps.core import errors
from tests.billing.stripe_stack import Customer, StripeStack
from tests.billing.test_races import closing
from tests.core.web_stack import create_workspace
from tests.customer import until

PAUSE = 0x9A05E  # any number that nobody else locks
TABLES = {
    Subscription: "billing_subscription",
    Invoice: "billing_invoice",
    Payment: "billing_payment",
    Customers: "billing_customer",
}
Sync = Callable[[str], object]


@pytest.fixture
def eleni(stripe_stack: StripeStack) -> Customer:
    """Somebody who has paid, of whom we know nothing any more but their workspace."""
    eleni = stripe_stack.buy()
    stripe_stack.hold_deliveries()
    stripe_sync.unlink_customer(customer_id=eleni.customer_id)
    for model in stripe_sync.mirrors():
        model._default_manager.filter(customer_id=eleni.customer_id).delete()
    return eleni


@pytest.fixture(params=[Subscription, Invoice, Payment], ids=lambda model: model.__name__)
def mirrored(request: pytest.FixtureRequest, eleni: Customer) -> tuple[type[Mirrored], str, Sync]:
    """Each kind of thing that is mirrored, its id at Stripe, and what mirrors it."""
    ways: dict[type[Mirrored], tuple[str, Sync]] = {
        Subscription: (
            eleni.subscription_id,
            lambda object_id: stripe_sync.sync_subscription(subscription_id=object_id),
        ),
        Invoice: (
            str(eleni.at_stripe["latest_invoice"]),
            lambda object_id: stripe_sync.sync_invoice(invoice_id=object_id),
        ),
        Payment: (
            str(
                eleni.stripe_stack.get("payment_intents", customer=eleni.customer_id)["data"][0][
                    "id"
                ]
            ),
            lambda object_id: stripe_sync.sync_payment(payment_intent_id=object_id),
        ),
    }
    return (request.param, *ways[request.param])


@contextmanager
def paused(table: str, *, on: str, object_id: str) -> Iterator[Callable[[], bool]]:
    """Let whoever writes this row wait in the middle of their transaction, until the block ends.

    Yields what tells whether somebody has come so far.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            CREATE OR REPLACE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_advisory_xact_lock({PAUSE}); RETURN NEW; END $$;
            CREATE TRIGGER pausing BEFORE {on} ON {table} FOR EACH ROW
            WHEN (NEW.id = '{object_id}') EXECUTE FUNCTION pause()
            """
        )
        cursor.execute("SELECT pg_advisory_lock(%s)", [PAUSE])
    try:
        yield somebody_waits
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")


def unpause(table: str) -> None:
    """Take the pause away."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER pausing ON {table}; DROP FUNCTION pause()")


def somebody_waits() -> bool:
    """Whether somebody has come to the pause."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
            " AND objid = %s)",
            [PAUSE],
        )
        return bool(cursor.fetchone() == (True,))


def started(act: Callable[[], object]) -> threading.Thread:
    """Do something beside the test."""
    thread = threading.Thread(target=closing, args=(act,))
    thread.start()
    return thread


def test_what_is_mirrored_while_its_customer_is_being_linked_has_its_tenant(
    eleni: Customer, mirrored: tuple[type[Mirrored], str, Sync]
) -> None:
    """The mirror has looked for its tenant in vain, and commits after the link has looked for it."""
    model, object_id, sync = mirrored
    tenant = eleni.tenant
    try:
        with paused(TABLES[model], on="UPDATE", object_id=object_id) as reached:
            mirroring = started(lambda: sync(object_id))
            until(reached)
            linking = started(
                lambda: stripe_sync.link_customer(customer_id=eleni.customer_id, tenant=tenant)
            )
            linking.join(timeout=1)  # it waits, or it is through
        mirroring.join(timeout=20)
        linking.join(timeout=20)
    finally:
        unpause(TABLES[model])
    row = model._default_manager.get(pk=object_id)
    assert (row.customer_id, row.tenant) == (eleni.customer_id, tenant)


def test_what_is_mirrored_while_the_link_is_not_committed_has_its_tenant(
    eleni: Customer, mirrored: tuple[type[Mirrored], str, Sync]
) -> None:
    """The link is half done when the mirror comes; whoever links works in a longer transaction."""
    model, object_id, sync = mirrored
    tenant = eleni.tenant

    def link() -> None:
        with transaction.atomic():
            stripe_sync.link_customer(customer_id=eleni.customer_id, tenant=tenant)

    try:
        with paused(TABLES[Customers], on="INSERT", object_id=eleni.customer_id) as reached:
            linking = started(link)
            until(reached)
            mirroring = started(lambda: sync(object_id))
            mirroring.join(timeout=1)
        linking.join(timeout=20)
        mirroring.join(timeout=20)
    finally:
        unpause(TABLES[Customers])
    assert model._default_manager.get(pk=object_id).tenant == tenant


def found_of(row: Mirrored) -> list[Difference]:
    """Look at everybody, and return what differs in this: others' rows are other tests'."""
    return [each for each in reconcile.differences() if each.object_id == row.pk]


def test_a_lost_payment_and_a_lost_refund_are_found_and_repaired(
    stripe_stack: StripeStack, eleni: Customer
) -> None:
    stripe_sync.link_customer(customer_id=eleni.customer_id, tenant=eleni.tenant)
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    payment = Payment.objects.get(tenant=eleni.tenant)
    assert reconcile.differences(tenant=eleni.tenant) == []

    stripe_stack.post("refunds", payment_intent=payment.pk, amount=100)
    [refunded] = reconcile.differences(tenant=eleni.tenant)
    assert (refunded.kind, refunded.field, refunded.stripes) == (
        "payment",
        "amount_refunded",
        "100",
    )
    Payment.objects.filter(pk=payment.pk).delete()
    [lost] = found_of(payment)
    assert (lost.kind, lost.object_id, lost.ours) == ("payment", payment.pk, "missing")
    repair.repair([lost])
    assert Payment.objects.get(pk=payment.pk).amount_refunded == 100
    assert found_of(payment) == []


def test_one_object_that_stripe_refuses_does_not_end_the_comparison(
    stripe_stack: StripeStack, eleni: Customer
) -> None:
    stripe_sync.link_customer(customer_id=eleni.customer_id, tenant=eleni.tenant)
    repair.repair(reconcile.differences(tenant=eleni.tenant))
    refused = Subscription.objects.create(
        pk="sub_refused", tenant=eleni.tenant, customer_id=eleni.customer_id, status="active"
    )
    eleni.move("paused")
    with stripe_stack.fault(status=400, path=f"/v1/subscriptions/{refused.pk}"):
        found = {each.object_id: each for each in reconcile.differences()}
    assert found[refused.pk].kind == "unreadable"
    assert found[eleni.subscription_id].stripes == "paused"

    with stripe_stack.fault(status=403, path="/v1/invoices"):
        found = {each.object_id: each for each in reconcile.differences()}
    assert found["all invoices"].kind == "unreadable"
    assert found[eleni.subscription_id].stripes == "paused"


def test_a_wrong_link_is_undone_and_the_right_one_takes_everything_along(eleni: Customer) -> None:
    wrong, right = create_workspace().tenant, eleni.tenant
    stripe = eleni.stripe_stack
    invoice_id = str(eleni.at_stripe["latest_invoice"])
    payments = stripe.get("payment_intents", customer=eleni.customer_id)["data"]
    stripe.post("refunds", payment_intent=payments[0]["id"], amount=100)
    stripe.post("credit_notes", invoice=invoice_id, amount=100, out_of_band_amount=100)
    stripe_sync.link_customer(customer_id=eleni.customer_id, tenant=wrong)
    repair.repair(reconcile.differences(tenant=wrong))
    mirrored = [
        row
        for model in stripe_sync.mirrors()
        for row in model._default_manager.filter(customer_id=eleni.customer_id)
    ]
    assert {type(row) for row in mirrored} == set(stripe_sync.mirrors())
    assert {row.tenant for row in mirrored} == {wrong}

    assert manual_mode.unlink_customer(customer_id=eleni.customer_id, by="anna") == wrong
    for model in stripe_sync.mirrors():
        assert not model._default_manager.filter(tenant=wrong).exists()
    assert not StripeEvent.objects.filter(tenant=wrong).exists()
    with pytest.raises(errors.Conflict):
        manual_mode.unlink_customer(customer_id=eleni.customer_id, by="anna")

    assert manual_mode.link_customer(
        tenant=right, customer_id=eleni.customer_id, by="anna"
    ) == 1  # fmt: skip
    for row in mirrored:
        row.refresh_from_db()
        assert row.tenant == right
