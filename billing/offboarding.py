"""Billing's part when a tenant leaves: subscriptions end first, and events forget their people.

Invoices, credit notes, payments and subscriptions stay, as the law wants, and of a buyer what stands on
a document: name, address and VAT number (docs/tax.md).
"""

from __future__ import annotations

from django.db.models import F, Q, Value
from django.db.models.functions import JSONObject

from billing import access, archiving, mails
from billing.models import Customer, EventStatus, Lead, StripeEvent
from public_apps.core.models import OutgoingMail
from public_apps.tenants import offboarding_hooks
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding_hooks import ErasureScope, StepBlocked


@offboarding_hooks.ends_subscriptions
def end_subscriptions(tenant: Tenant) -> None:
    """End a tenant's subscriptions at Stripe; raises `StepBlocked` if Stripe can't be asked."""
    try:
        archiving.end_subscriptions(tenant=tenant)
    except archiving.NotArchived as refusal:
        raise StepBlocked(str(refusal)) from refusal


@offboarding_hooks.readmits
def let_in(tenant: Tenant, by: str) -> None:
    """Take our hold back, and let subscription and payments decide."""
    access.resume(tenant=tenant, by=by)


@offboarding_hooks.erases("events")
def events(leaving: ErasureScope) -> int:
    """Leave of each event what it was, and of which object; not what it said about people.

    One that is still to be handled is left for the next time: its handler reads it.
    """
    theirs = StripeEvent.objects.filter(_about(leaving), payload__erased__isnull=True)
    return theirs.exclude(status=EventStatus.RECEIVED).update(
        payload=JSONObject(
            id=F("id"),
            type=F("type"),
            erased=Value(True),
            data=JSONObject(object=JSONObject(id=F("object_id"))),
        )
    )


def _about(leaving: ErasureScope) -> Q:
    """Match events of a tenant, and those about its people that nobody has put down to one."""
    customers = list(Customer.objects.filter(tenant=leaving.tenant).values_list("pk", flat=True))
    addresses = sorted(leaving.addresses)
    said = (
        Q(payload__data__object__customer__in=customers)
        | Q(payload__data__object__customer_email__in=addresses)
        | Q(payload__data__object__customer_details__email__in=addresses)
    )
    return Q(tenant=leaving.tenant) | Q(object_id__in=customers) | (Q(tenant=None) & said)


@offboarding_hooks.erases("billing_mails")
def billing_mails(leaving: ErasureScope) -> int:
    """Delete the mails about what the tenant paid, those that never left included."""
    ours = OutgoingMail.objects.filter(kind__in=mails.KINDS)
    return ours.filter(key__startswith=f"{leaving.tenant.pk}:").delete()[0]


@offboarding_hooks.erases("leads")
def leads(leaving: ErasureScope) -> int:
    """Delete the wish that led here while the shop was closed."""
    return Lead.objects.filter(signup__tenant=leaving.tenant).delete()[0]
