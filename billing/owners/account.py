"""A tenant's account with us: the one place where an owner's request leaves the tenant's schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from billing.models import Customer, Invoice, ManualPayment, Plan, Subscription
from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope, request_scope
from public_apps.audit import audit
from public_apps.core.schema_context import in_public
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant

# Whatever a tenant has of several: the one that lets people in counts, then the one to be paid.
_BEST_FIRST = ("active", "trialing", "past_due", "unpaid", "paused", "incomplete")
_NOTHING_SHOWN = ("", "draft")
# What the workspace's log is told of a change that waits for its payment.
CHANGE_ASKED = "subscription.change_asked"
# And of one that waits for the end of the period.
CHANGE_PLANNED = "subscription.change_planned"
NOT_YOURS = _("Only owners of the workspace may see to its subscription.")


@dataclass(frozen=True, kw_only=True)
class Account:
    """What belongs to one tenant; every query of an owner's request starts here."""

    tenant: Tenant

    def subscription(self) -> Subscription | None:
        """Return the subscription that counts: the best of several, the newest of equals."""
        mirrored = Subscription.objects.select_related("plan").filter(
            tenant=self.tenant, synced_at__isnull=False
        )
        return min(mirrored.order_by("-created_at"), key=_rank, default=None)

    def invoices(self) -> QuerySet[Invoice]:
        """Return the invoices that a customer may see, newest first."""
        mirrored = Invoice.objects.filter(tenant=self.tenant, synced_at__isnull=False)
        return mirrored.exclude(status__in=_NOTHING_SHOWN).order_by("-created_at", "-pk")

    def customer_id(self) -> str:
        """Return the Stripe customer that pays, or an empty string."""
        subscription = self.subscription()
        if subscription is not None:
            return subscription.customer_id
        known = Customer.objects.filter(tenant=self.tenant, gone_at__isnull=True)
        newest = known.order_by("-created_at").first()
        return newest.pk if newest else ""

    def plan(self) -> Plan | None:
        """Return the plan that sets the limits: that of the subscription, or of the sign-up."""
        return self.plan_beside(self.subscription())

    def plan_beside(self, subscription: Subscription | None) -> Plan | None:
        """Return the plan as `plan` does, for who has read the subscription: both of one moment."""
        if subscription is not None and subscription.plan is not None:
            return subscription.plan
        signup = Signup.objects.filter(tenant=self.tenant).first()
        return Plan.objects.filter(code=signup.plan).first() if signup else None

    def paid_by_hand(self) -> ManualPayment | None:
        """Return the payment recorded by staff that reaches furthest."""
        payments = ManualPayment.objects.filter(
            tenant=self.tenant, corrected_by__isnull=True, paid_until__isnull=False
        )
        return payments.order_by("-paid_until").first()


@contextmanager
def of_owner(request: HttpRequest | Request) -> Iterator[Account]:
    """Work in public on the account of the request's tenant, for one of its owners.

    Raises `PermissionDenied` for anybody else, whoever forgot to ask before.
    """
    tenant: Tenant | None = getattr(request, "tenant", None)
    if tenant is None or request_scope(request, "subscription.retrieve") is not Scope.ALL:
        raise PermissionDenied(str(NOT_YOURS))
    with _of(tenant) as found:
        yield found


@contextmanager
def of_mailed(request: HttpRequest) -> Iterator[Account]:
    """Work in public on the account of the request's tenant, for whoever shows a link that we signed.

    What they may see of it the link alone says: nobody has asked who they are.
    """
    with _of(request.tenant) as found:  # type: ignore[attr-defined]  # as the middleware sets it
        yield found


@contextmanager
def _of(tenant: Tenant) -> Iterator[Account]:
    with in_public():
        # Anew: the request's own copy may be some seconds old.
        yield Account(tenant=Tenant.objects.get(pk=tenant.pk))


def tell(request: HttpRequest | Request, *, did: str) -> None:
    """Tell the workspace's own log what its owner did; call it outside of `of_owner`."""
    assert isinstance(request.user, User)  # noqa: S101 - `of_owner` has let nobody else in
    audit.record(actor=request.user, action=did)


def _rank(subscription: Subscription) -> int:
    gone = subscription.gone_at is not None or subscription.status not in _BEST_FIRST
    return len(_BEST_FIRST) if gone else _BEST_FIRST.index(subscription.status)
