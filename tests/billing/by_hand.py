"""What Anna of our staff does by hand."""

from __future__ import annotations

from datetime import datetime

from billing import manual_mode
from billing.manual_mode import Opening
from billing.models import ManualPayment
from public_apps.tenants.models import Tenant
from tests.billing.stripe_stack import StripeStack

ANNA = "anna@staff.example"


def opening(stripe_stack: StripeStack, **more: str) -> Opening:
    """Return what Anna types in for somebody who called."""
    order = stripe_stack.order()
    wanted = {
        "organization": order.organization, "subdomain": order.subdomain, "email": order.email,
        "first_name": order.first_name, "last_name": order.last_name,
    }  # fmt: skip
    return Opening(**{**wanted, **more})


def opened(stripe_stack: StripeStack, **more: str) -> Tenant:
    """Return a workspace that Anna has opened."""
    return manual_mode.open_tenant(opening=opening(stripe_stack, **more), by=ANNA)


def pay(tenant: Tenant, until: datetime, reference: str = "transfer 1") -> ManualPayment:
    """Let Anna record a payment."""
    return manual_mode.record_payment(
        tenant=tenant, amount=4900, currency="eur", reference=reference, paid_until=until, by=ANNA
    )


def now_of(tenant: Tenant) -> str:
    """Return a tenant's status as it is now."""
    return str(Tenant.objects.get(pk=tenant.pk).status)
