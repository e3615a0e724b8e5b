"""Manual mode's pages: wishes that came while the shop was closed, and payments by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing import manual_mode
from billing.models import Lead, ManualPayment
from public_apps.core import errors
from staff import forms
from staff.admin.confirmation import AdminAction, Question, ask, confirmed, note, question
from staff.admin.read_only import RecordAdmin
from staff.admin.tenant_actions import who
from staff.admin.tenants import opened_as, opening_of, record_first_payment
from staff.site import site


@admin.register(Lead, site=site)
class LeadAdmin(RecordAdmin):
    list_display = ("organization", "email", "subdomain", "plan", "created_at", "signup")
    search_fields = ("organization", "email", "subdomain")
    list_select_related = ("signup",)
    ordering = ("-id",)
    actions = ("open_chosen",)
    actions_detail = ("open_workspace",)

    @admin.action(
        description=gettext_lazy("Open a workspace for each"), permissions=["open_tenants"]
    )
    def open_chosen(self, request: HttpRequest, leads: QuerySet[Lead]) -> HttpResponse | None:
        """Open what each of these wished for, as they wished it."""
        button = _("Open a workspace for each")
        if asked := confirmed(request, leads, admin=self, button=button):
            return asked
        opened = 0
        for lead in leads:
            try:
                tenant = manual_mode.open_for_lead(lead=lead, by=who(request))
            except errors.Problem as refusal:
                messages.error(request, f"{lead}: {refusal.detail}")
            else:
                opened += 1
                said = _("Opened; the welcome mail is on its way.")
                detail = {"lead": lead.pk}
                note(
                    request,
                    AdminAction(said=said, to=tenant, action="tenant.opened", detail=detail),
                )
        if opened:
            said = ngettext("%(count)d workspace opened.", "%(count)d workspaces opened.", opened)
            messages.success(request, said % {"count": opened})
        return None

    @question(name=gettext_lazy("Open a workspace"), at="open", permission="open_tenants")
    def open_workspace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open what was wished for, perhaps under another name, with a payment if one came."""
        lead = get_object_or_404(Lead, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            opening = opening_of(answers)
            tenant = manual_mode.open_for_lead(lead=lead, by=who(request), opening=opening)
            record_first_payment(tenant, answers, by=who(request))
            said = _("Opened; the welcome mail is on its way.")
            detail = {**opened_as(answers), "lead": lead.pk}
            return AdminAction(said=said, to=tenant, action="tenant.opened", detail=detail)

        asked = Question(
            title=_("Open a workspace"),
            button=_("Open a workspace"),
            form=forms.OpeningForm,
            act=act,
            about=str(lead),
            initial={name: getattr(lead, name) for name in (*forms.OPENED_WITH, "plan")},
        )
        return ask(request, asked, admin=self)


@admin.register(ManualPayment, site=site)
class ManualPaymentAdmin(RecordAdmin):
    list_display = (
        "number", "tenant", "amount", "currency", "reference", "paid_until", "recorded_by",
    )  # fmt: skip
    search_fields = ("number", "reference", "tenant__name", "buyer_name", "buyer_tax_id")
    list_select_related = ("tenant",)
    ordering = ("-id",)
    actions_detail = ("correct",)

    @question(name=gettext_lazy("Correct"), at="correct", permission="record_payments")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Put a mistake right by a second record."""
        payment = get_object_or_404(ManualPayment, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            correction = manual_mode.correct_payment(
                payment=payment,
                amount=forms.minor(answers["amount"]),
                tax=forms.minor_or_none(answers["tax"]),
                reference=answers["reference"],
                paid_until=answers["paid_until"],
                by=who(request),
            )
            return AdminAction(
                said=_("Correction recorded: %s") % correction.reference,
                to=correction,
                action="payment.corrected",
                detail={"corrects": payment.reference, "amount": correction.amount},
            )

        asked = Question(
            title=_("Correct"),
            button=_("Record the correction"),
            form=forms.CorrectionForm,
            act=act,
            about=f"{payment.tenant} · {payment}",
            explanation=_("This payment stays on record and counts no more; the correction does."),
        )
        return ask(request, asked, admin=self)
