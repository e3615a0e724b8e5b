"""Records that staff read: Stripe's mirror, mails, and how tenants' migrations went."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from billing import manual_mode
from billing.models import Customer, Payment, Subscription
from public_apps.core.models import OutgoingMail, SuppressedAddress
from public_apps.tenants.models import TenantMigration
from staff import forms
from staff.admin.confirmation import AdminAction, Question, ask, question, staff_of
from staff.admin.filters import (
    DisputeFilter,
    MailKindFilter,
    PaymentStatusFilter,
    SubscriptionStatusFilter,
    SuppressionFilter,
)
from staff.admin.read_only import RecordAdmin
from staff.site import site


@admin.register(Subscription, site=site)
class SubscriptionAdmin(RecordAdmin):
    list_display = ("id", "tenant", "status", "plan", "current_period_end", "synced_at")
    search_fields = ("id", "customer_id", "tenant__name")
    list_filter = (SubscriptionStatusFilter, "plan")
    list_select_related = ("tenant", "plan")
    ordering = ("-created_at",)


@admin.register(Payment, site=site)
class PaymentAdmin(RecordAdmin):
    list_display = (
        "id", "tenant", "status", "amount", "amount_refunded", "currency", "dispute_status",
        "created_at",
    )  # fmt: skip
    search_fields = ("id", "customer_id", "tenant__name")
    list_filter = (PaymentStatusFilter, DisputeFilter)
    list_select_related = ("tenant",)
    ordering = ("-created_at",)


@admin.register(Customer, site=site)
class CustomerAdmin(RecordAdmin):
    list_display = ("id", "tenant", "created_at", "gone_at")
    search_fields = ("id", "tenant__name")
    list_select_related = ("tenant",)
    ordering = ("-created_at",)
    actions_detail = ("unlink",)

    @question(
        name=gettext_lazy("Unlink from the workspace"),
        at="unlink",
        permission="link_customers",
        decisive=True,
    )
    def unlink(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Undo a link that was wrong."""
        customer = get_object_or_404(Customer, pk=unquote(object_id))

        def act(answers: dict[str, Any]) -> AdminAction:
            tenant = manual_mode.unlink_customer(
                customer_id=customer.pk, by=staff_of(request).email
            )
            detail = {"customer": customer.pk, "reason": answers["reason"]}
            said = _("%(customer)s is no longer linked to this workspace.") % detail
            return AdminAction(said=said, to=tenant, action="customer.unlinked", detail=detail)

        asked = Question(
            title=_("Unlink from the workspace"),
            button=_("Unlink from the workspace"),
            about=f"{customer} · {customer.tenant}",
            form=forms.Reason,
            act=act,
            explanation=_(
                "Its subscriptions, invoices and payments are then nobody's. Nothing changes at "
                "Stripe. Link the customer to the right workspace on that workspace's page."
            ),
        )
        return ask(request, asked, admin=self)


@admin.register(OutgoingMail, site=site)
class OutgoingMailAdmin(RecordAdmin):
    list_display = (
        "kind", "to", "attempts", "error", "created_at", "sent_at", "failed_at", "unwanted_at",
    )  # fmt: skip
    search_fields = ("to", "key")
    list_filter = (MailKindFilter, "sent_at", "failed_at", "unwanted_at")
    ordering = ("-id",)


@admin.register(SuppressedAddress, site=site)
class SuppressedAddressAdmin(RecordAdmin):
    """Deleting one is how staff let mail go there again."""

    list_display = ("address", "reason", "detail", "provider", "at")
    search_fields = ("address",)
    list_filter = (SuppressionFilter,)
    ordering = ("-id",)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        allowed: bool = ModelAdmin.has_delete_permission(self, request, obj)
        return allowed


@admin.register(TenantMigration, site=site)
class TenantMigrationAdmin(RecordAdmin):
    list_display = ("tenant", "at", "milliseconds", "error")
    search_fields = ("tenant__name", "tenant__schema_name")
    list_filter = (("error", admin.EmptyFieldListFilter),)
    list_select_related = ("tenant",)
    ordering = ("-at",)
