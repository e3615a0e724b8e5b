"""Filters whose choices are known beforehand: looking for them would read whole tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.handlers import HANDLERS
from billing.models import DocumentKind, Plan
from public_apps.core import clock, mail, suppression
from public_apps.monitoring.incidents import KINDS
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Status, Tenant
from staff.dashboard.problems import late_signups

# Every status that Stripe documents (docs.stripe.com/api, the objects' attributes).
SUBSCRIPTION = (
    "trialing", "active", "past_due", "unpaid", "paused", "incomplete", "incomplete_expired",
    "canceled",
)  # fmt: skip
INVOICE = ("draft", "open", "paid", "uncollectible", "void")
PAYMENT = (
    "requires_payment_method", "requires_confirmation", "requires_action", "processing",
    "requires_capture", "canceled", "succeeded",
)  # fmt: skip
REFUND = ("succeeded", "pending", "requires_action", "failed", "canceled")
DISPUTE = (
    "needs_response", "under_review", "won", "lost", "prevented", "warning_needs_response",
    "warning_under_review", "warning_closed",
)  # fmt: skip


def one_of(
    field: str, name: str | Promise, values: Callable[[], Iterable[str]]
) -> type[admin.SimpleListFilter]:
    """Return a filter of a text field by the values that it can have."""

    class OneOf(admin.SimpleListFilter):
        title = name  # type: ignore[assignment]  # translated when it is shown
        parameter_name = field

        def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
            return [(each, each) for each in values()]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    return OneOf


EventTypeFilter = one_of("type", _("type"), lambda: sorted(HANDLERS))
SubscriptionStatusFilter = one_of("status", _("status"), lambda: SUBSCRIPTION)
InvoiceStatusFilter = one_of("status", _("status"), lambda: INVOICE)
CreditNoteStatusFilter = one_of("status", _("status"), lambda: ("issued", "void"))
RefundStatusFilter = one_of("status", _("status"), lambda: REFUND)
EInvoiceKindFilter = one_of("kind", _("kind"), lambda: DocumentKind.values)
PaymentStatusFilter = one_of("status", _("status"), lambda: PAYMENT)
DisputeFilter = one_of("dispute_status", _("dispute"), lambda: DISPUTE)
IncidentKindFilter = one_of("kind", _("kind"), lambda: sorted(KINDS))
MailKindFilter = one_of("kind", _("kind"), mail.kinds)
SuppressionFilter = one_of("reason", _("reason"), lambda: sorted(suppression.REASONS))
SignupPlanFilter = one_of("plan", _("plan"), lambda: Plan.objects.values_list("code", flat=True))


class StateFilter(admin.SimpleListFilter):
    """Where a tenant stands."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return Status.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Tenant]:
        wanted: QuerySet[Tenant] = queryset
        if self.value() in Status.values:
            wanted = queryset.with_status().filter(state=self.value())
        return wanted


class SubscriptionFilter(admin.SimpleListFilter):
    """How the newest subscription stands."""

    title = _("subscription")
    parameter_name = "subscription"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [*((status, status) for status in SUBSCRIPTION), ("none", _("none"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Tenant]:
        wanted: QuerySet[Tenant] = queryset
        if self.value() == "none":
            wanted = queryset.filter(newest_subscription__isnull=True)
        elif self.value():
            wanted = queryset.filter(newest_subscription=self.value())
        return wanted


class OneTenantFilter(admin.SimpleListFilter):
    """The tenant whose page led here: offered only while it is chosen."""

    title = _("tenant")
    parameter_name = "tenant"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        chosen = str(request.GET.get(self.parameter_name, ""))
        tenants = Tenant.objects.filter(pk=chosen) if chosen.isdigit() else Tenant.objects.none()
        return [(str(each.pk), str(each)) for each in tenants]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(tenant_id=int(chosen)) if chosen.isdigit() else queryset


class StageFilter(admin.SimpleListFilter):
    """How far a sign-up has come."""

    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("waiting", _("Awaiting payment")),
            ("late", _("Paid, not ready")),
            ("ready", _("Ready")),
            ("failed", _("Failed")),
            ("expired", _("Expired")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Signup]) -> QuerySet[Signup]:
        unpaid = queryset.filter(paid_at__isnull=True)
        narrowed = {
            "waiting": unpaid.filter(released_at__isnull=True, failed_at__isnull=True),
            "late": queryset & late_signups(now=clock.now()),
            "ready": queryset.filter(ready_at__isnull=False),
            "failed": unpaid.filter(failed_at__isnull=False),
            "expired": unpaid.filter(released_at__isnull=False, failed_at__isnull=True),
        }
        return narrowed.get(self.value() or "", queryset)
