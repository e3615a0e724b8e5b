"""Which models staff see, and what they may do with each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline

from billing import gateway, inbox, plans
from billing.models import (
    Customer,
    Incident,
    Invoice,
    Payment,
    Plan,
    Price,
    StripeEvent,
    Subscription,
)
from billing.tasks import settle_signup
from public_apps.accounts.models import User
from public_apps.core.models import OutgoingMail, SuppressedAddress
from public_apps.onboarding.models import Signup
from public_apps.staff.records import RecordAdmin
from public_apps.staff.site import site


@admin.register(Signup, site=site)
class SignupAdmin(RecordAdmin):
    list_display = ("organization", "subdomain", "email", "plan", "stage_label", "created_at")
    search_fields = ("organization", "subdomain", "email", "checkout_session_id")
    list_filter = ("plan", "paid_at", "ready_at")
    ordering = ("-created_at",)
    actions = ("retry_provisioning",)

    @admin.display(description=_("stage"))
    def stage_label(self, signup: Signup) -> str:
        return str(signup.stage.label)

    @admin.action(description=_("Retry provisioning"), permissions=["act"])
    def retry_provisioning(self, request: HttpRequest, signups: QuerySet[Signup]) -> None:
        for signup in signups:
            settle_signup.defer(signup_id=str(signup.pk))
        _enqueued(request, signups.count())


@admin.register(StripeEvent, site=site)
class StripeEventAdmin(RecordAdmin):
    list_display = ("id", "type", "status", "attempts", "error", "tenant", "received_at")
    search_fields = ("id", "object_id")
    list_filter = ("status", "type", "livemode")
    list_select_related = ("tenant",)
    ordering = ("-received_at",)
    actions = ("retry_events",)

    @admin.action(description=_("Retry"), permissions=["act"])
    def retry_events(self, request: HttpRequest, events: QuerySet[StripeEvent]) -> None:
        for event in events:
            inbox.retry(event=event)
        _enqueued(request, events.count())


class PriceInline(TabularInline):
    model = Price
    extra = 0
    fields = ("interval", "unit_amount", "currency", "stripe_price_id")
    readonly_fields = ("stripe_price_id",)


@admin.register(Plan, site=site)
class PlanAdmin(ModelAdmin):
    list_display = ("name", "code", "trial_days", "most_apartments", "offered", "position")
    readonly_fields = ("stripe_product_id",)
    inlines = (PriceInline,)
    actions = ("push_to_stripe",)

    @admin.action(description=_("Push all plans to Stripe"), permissions=["change"])
    def push_to_stripe(self, request: HttpRequest, chosen: QuerySet[Plan]) -> None:
        try:
            lines = plans.push()
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            messages.error(request, f"Stripe: {error}")
        else:
            messages.success(request, "; ".join(lines))


@admin.register(Subscription, site=site)
class SubscriptionAdmin(RecordAdmin):
    list_display = ("id", "tenant", "status", "plan", "current_period_end", "synced_at")
    search_fields = ("id", "customer_id", "tenant__name")
    list_filter = ("status", "plan")
    list_select_related = ("tenant", "plan")
    ordering = ("-created_at",)


@admin.register(Payment, site=site)
class PaymentAdmin(RecordAdmin):
    list_display = ("id", "tenant", "status", "amount", "currency", "created_at")
    search_fields = ("id", "customer_id", "tenant__name")
    list_filter = ("status",)
    list_select_related = ("tenant",)
    ordering = ("-created_at",)


@admin.register(Invoice, site=site)
class InvoiceAdmin(RecordAdmin):
    list_display = ("number", "tenant", "status", "amount_due", "amount_paid", "created_at")
    search_fields = ("id", "number", "customer_id", "tenant__name")
    list_filter = ("status",)
    list_select_related = ("tenant",)
    ordering = ("-created_at",)


@admin.register(Customer, site=site)
class CustomerAdmin(RecordAdmin):
    list_display = ("id", "tenant", "created_at", "gone_at")
    search_fields = ("id", "tenant__name")
    list_select_related = ("tenant",)
    ordering = ("-created_at",)


@admin.register(Incident, site=site)
class IncidentAdmin(RecordAdmin):
    list_display = ("kind", "opened_at", "seen_at", "closed_at")
    list_filter = ("kind", "closed_at")
    ordering = ("-opened_at",)


@admin.register(OutgoingMail, site=site)
class OutgoingMailAdmin(RecordAdmin):
    list_display = ("kind", "to", "attempts", "error", "created_at", "sent_at", "failed_at")
    search_fields = ("to", "key")
    list_filter = ("kind", "sent_at", "failed_at")
    ordering = ("-created_at",)


@admin.register(SuppressedAddress, site=site)
class SuppressedAddressAdmin(RecordAdmin):
    """Deleting one is how staff let mail go there again."""

    list_display = ("address", "reason", "detail", "provider", "at")
    search_fields = ("address",)
    list_filter = ("reason", "provider")
    ordering = ("-at",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed: bool = ModelAdmin.has_delete_permission(self, request, obj)
        return allowed


@admin.register(User, site=site)
class StaffUserAdmin(ModelAdmin):
    """Our staff; people of tenants are in their tenants' schemas, out of sight."""

    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    search_fields = ("email", "first_name", "last_name")
    fields = ("email", "first_name", "last_name", "is_active", "is_staff", "groups", "last_login")
    readonly_fields = ("last_login",)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)


def _enqueued(request: HttpRequest, count: int) -> None:
    text = ngettext("%(count)d job enqueued.", "%(count)d jobs enqueued.", count)
    messages.success(request, text % {"count": count})
