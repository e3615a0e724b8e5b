"""Which address a workspace's customers at Stripe bear: the billing contact's, or else the owner's.

What is to be written at Stripe is noted with the change, in one transaction (`contact_due_at`); a job
writes it, and a sweep wakes the job up again until it has.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.dispatch import receiver

from billing import gateway, stripe_account, stripe_sync
from billing.models import BillingContact, Customer
from public_apps.accounts.members.actions import owners_changed
from public_apps.core import clock, email_addresses, jobs
from public_apps.core.schema_context import current, in_public
from public_apps.core.sweeps import Sweep
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding_hooks import ErasureScope, erases

JOBS = "contact"  # what the locks of their jobs begin with


def of(tenant: Tenant) -> BillingContact | None:
    """Return whom a workspace named for its money, or None."""
    return BillingContact.objects.filter(tenant=tenant).first()


@transaction.atomic
def name(*, tenant: Tenant, email: str, called: str = "") -> None:
    """Have mails about money go to this address, too; an empty one takes the contact back."""
    if email:
        BillingContact.objects.update_or_create(
            tenant=tenant, defaults={"email": email, "name": called, "set_at": clock.now()}
        )
    else:
        BillingContact.objects.filter(tenant=tenant).delete()
    _promise(tenant)


@receiver(owners_changed)
def follow_owners(**_event: Any) -> None:
    """Have Stripe learn an owner's new address; a billing contact's stays, the job sees to that."""
    schema_name = current()
    with in_public():
        tenant = Tenant.objects.filter(schema_name=schema_name).first()
        if tenant is not None:
            _promise(tenant)


def _promise(tenant: Tenant) -> None:
    theirs = Customer.objects.filter(tenant=tenant, gone_at__isnull=True)
    theirs.update(contact_due_at=Now())
    for customer in theirs:
        enqueue(customer)


def enqueue(customer: Customer) -> None:
    """Have a worker write a customer's address at Stripe, unless its job is waiting."""
    lock = f"{JOBS}:{customer.pk}"
    jobs.defer_once("billing.tell_contact", lock=lock, customer_id=customer.pk)


def tell(*, customer_id: str) -> None:
    """Write the address that a customer is to bear at Stripe; safe to repeat, raises the gateway's."""
    customer = Customer.objects.select_related("tenant").get(pk=customer_id)
    if customer.contact_due_at is not None:
        CONTACTS.attempt(customer, _tell)


def _tell(customer: Customer) -> None:
    wanted = address_of(customer.tenant)
    there = stripe_account.found(
        lambda: gateway.customer(customer.pk),
        f"customer {customer.pk}",
        customer_id=customer.pk,
    )
    if there is None:  # gone: there is nobody to be written to
        stripe_sync.sync_customer(customer_id=customer.pk)
    elif wanted and there.get("email") != wanted:
        gateway.update_customer(customer.pk, change={"email": wanted})
    # Only this change is done with; one that came meanwhile has a time, and a job, of its own.
    Customer.objects.filter(pk=customer.pk, contact_due_at=customer.contact_due_at).update(
        contact_due_at=None
    )


def address_of(tenant: Tenant) -> str:
    """Return where Stripe's mails about a workspace are to go; nothing if nobody is known."""
    contact = of(tenant)
    address = contact.email if contact else tenant.owner_email
    return email_addresses.on_the_wire(address) if address else ""


def due() -> QuerySet[Customer]:
    """Return customers whose address is still to be written at Stripe, and that no job is about."""
    left = Customer.objects.filter(contact_due_at__lte=Now(), gone_at__isnull=True)
    return jobs.without_job(left.only("contact_due_at"), lock=JOBS)


CONTACTS: Sweep[Customer] = Sweep(
    name="billing_contacts",
    rows=due,
    work=enqueue,
    named=lambda customer: f"customer {customer.pk}",
    order=("contact_due_at",),
    jobs_tell=True,
)


@erases("billing_contact")
def erase(leaving: ErasureScope) -> int:
    """Forget whom a workspace named for its money."""
    return BillingContact.objects.filter(tenant=leaving.tenant).delete()[0]
