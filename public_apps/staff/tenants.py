"""The tenant's page: what is known of it, and what staff may do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import access, archiving, manual
from billing.manual import Opening
from billing.models import Customer, Invoice, ManualPayment, Subscription
from public_apps.core import errors
from public_apps.staff import forms
from public_apps.staff.asking import Deed, Question, ask, question
from public_apps.staff.records import RecordAdmin, RecordInline
from public_apps.staff.site import site
from public_apps.tenants import suspension
from public_apps.tenants.models import AccessChange, Domain, Tenant


class DomainInline(RecordInline):
    model = Domain
    fields = ("domain", "is_primary", "created_at")


class AccessChangeInline(RecordInline):
    model = AccessChange
    fields = ("at", "suspended", "reason", "cause")


class CustomerInline(RecordInline):
    model = Customer
    fields = ("id", "created_at", "gone_at")


class SubscriptionInline(RecordInline):
    model = Subscription
    fields = ("id", "status", "plan", "current_period_end", "cancel_at")


class InvoiceInline(RecordInline):
    model = Invoice
    fields = ("id", "number", "status", "amount_due", "amount_paid", "currency", "created_at")


class ManualPaymentInline(RecordInline):
    model = ManualPayment
    fields = ("reference", "amount", "currency", "paid_until", "corrects", "recorded_by")


@admin.register(Tenant, site=site)
class TenantAdmin(RecordAdmin):
    list_display = ("name", "primary_domain", "owner_email", "state", "created_at")
    search_fields = ("name", "owner_email", "schema_name", "domains__domain")
    list_filter = ("claimed_at", "suspended_at", "archived_at")
    ordering = ("-created_at",)
    inlines = (
        DomainInline,
        AccessChangeInline,
        CustomerInline,
        SubscriptionInline,
        ManualPaymentInline,
        InvoiceInline,
    )
    actions_list = ("open_workspace",)
    actions_detail = ("suspend", "resume", "record_payment", "link_customer", "archive")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        tenants: QuerySet[Tenant] = super().get_queryset(request).prefetch_related("domains")
        return tenants

    @admin.display(description=gettext_lazy("status"))
    def state(self, tenant: Tenant) -> str:
        return str(tenant.status.label)

    @question(name=gettext_lazy("Open a workspace"), at="open", permission="open_tenants")
    def open_workspace(self, request: HttpRequest) -> HttpResponse:
        """Open a workspace for somebody who did not buy online."""
        return ask(request, opening_question(by=who(request)), admin=self)

    @question(name=gettext_lazy("Suspend"), at="suspend", permission="act")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Suspend by staff's word, until staff resume it."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> Deed:
            suspension.hold(tenant=tenant, reason=answers["reason"], by=who(request))
            return Deed(said=_("Suspended: %s") % answers["reason"], to=tenant)

        explanation = _("No payment undoes this; only “Resume” does. The data stays as it is.")
        return self._ask(request, tenant, _("Suspend"), forms.Reason, act, explanation)

    @question(name=gettext_lazy("Resume"), at="resume", permission="act")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take staff's word back; the subscription decides from then on."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> Deed:
            access.resume(tenant=tenant, by=who(request))
            tenant.refresh_from_db()
            return Deed(said=_("Resumed; it is now: %s") % tenant.status.label, to=tenant)

        explanation = _("From then on the subscription or the recorded payments decide.")
        return self._ask(request, tenant, _("Resume"), forms.Confirm, act, explanation)

    @question(
        name=gettext_lazy("Record a payment"), at="record-payment", permission="record_payments"
    )
    def record_payment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record a payment that came outside of Stripe."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> Deed:
            payment = manual.record_payment(
                tenant=tenant,
                amount=forms.minor(answers["amount"]),
                currency=settings.STRIPE.currency,
                reference=answers["reference"],
                paid_until=answers["paid_until"],
                by=who(request),
            )
            return Deed(said=_("Payment recorded: %s") % payment.reference, to=tenant)

        return self._ask(request, tenant, _("Record a payment"), forms.PaymentForm, act)

    @question(name=gettext_lazy("Link a Stripe customer"), at="link-customer", permission="act")
    def link_customer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let a customer at Stripe pay for this tenant."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> Deed:
            customer_id = answers["customer_id"].strip()
            count = manual.link_customer(tenant=tenant, customer_id=customer_id, by=who(request))
            said = _("%(customer)s is linked; its subscriptions: %(count)d.")
            return Deed(said=said % {"customer": customer_id, "count": count}, to=tenant)

        return self._ask(request, tenant, _("Link a Stripe customer"), forms.CustomerForm, act)

    @question(name=gettext_lazy("Archive"), at="archive", permission="archive")
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the subscription, then close the door."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> Deed:
            try:
                archiving.archive(tenant=tenant, by=who(request))
            except archiving.NotArchived as refusal:
                raise errors.UpstreamFailed(str(refusal)) from refusal
            return Deed(said=_("Archived."), to=tenant)

        explanation = _("Its subscription is cancelled at Stripe first. The data is kept.")
        return self._ask(request, tenant, _("Archive"), forms.Confirm, act, explanation)

    def _ask(
        self,
        request: HttpRequest,
        tenant: Tenant,
        title: str,
        form: type[Form],
        act: Callable[[dict[str, Any]], Deed],
        explanation: str = "",
    ) -> HttpResponse:
        asked = Question(
            title=title,
            button=title,
            about=f"{tenant} · {tenant.primary_domain}",
            form=form,
            act=act,
            explanation=explanation,
        )
        return ask(request, asked, admin=self)


def who(request: HttpRequest) -> str:
    """Return the person who acts, for the record."""
    return str(getattr(request.user, "email", ""))


def opening_question(*, by: str) -> Question:
    """Return the form for a new workspace, with a payment if one came."""

    def act(answers: dict[str, Any]) -> Deed:
        tenant = manual.open_tenant(opening=opening_of(answers), by=by)
        record_first_payment(tenant, answers, by=by)
        return Deed(said=_("Opened; the welcome mail is on its way."), to=tenant)

    return Question(
        title=_("Open a workspace"),
        button=_("Open a workspace"),
        form=forms.OpeningForm,
        act=act,
        explanation=_("The owner gets the same welcome mail as a buyer."),
    )


def opening_of(answers: dict[str, Any]) -> Opening:
    """Return what the form asked for."""
    return Opening(
        organization=answers["organization"],
        subdomain=answers["subdomain"],
        email=answers["email"],
        first_name=answers["first_name"],
        last_name=answers["last_name"],
        language=answers["language"],
        plan=answers["plan"].code if answers["plan"] else "",
    )


def record_first_payment(tenant: Tenant, answers: dict[str, Any], *, by: str) -> None:
    """Record the payment that was typed in with a new workspace, if one was."""
    if answers["paid_until"] is None:
        return
    manual.record_payment(
        tenant=tenant,
        amount=forms.minor(answers["amount"]) if answers["amount"] else 0,
        currency=settings.STRIPE.currency,
        reference=answers["reference"] or _("with the opening"),
        paid_until=answers["paid_until"],
        by=by,
    )
