"""What we sell: plans and prices, and how they come to Stripe."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline

from billing import gateway, manual_mode, plans
from billing.models import Plan, Price
from public_apps.audit import audit
from public_apps.core import errors
from staff import forms
from staff.admin.audited import AuditedAdmin
from staff.admin.confirmation import Question, ask, question, staff_of
from staff.site import site


class PriceInline(TabularInline):
    model = Price
    extra = 0
    fields = ("interval", "unit_amount", "currency", "stripe_price_id")
    readonly_fields = ("stripe_price_id",)


@admin.register(Plan, site=site)
class PlanAdmin(AuditedAdmin):
    list_display = ("name", "code", "trial_days", "most_apartments", "offered", "position")
    readonly_fields = ("stripe_product_id",)
    inlines = (PriceInline,)
    actions_list = ("push_to_stripe",)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: list[Any], change: bool
    ) -> None:
        """Push a plan whose prices were changed once that is committed: until then it isn't sold."""
        super().save_related(request, form, formsets, change)
        plan: Plan = form.instance
        if plan.offered and plan.prices.filter(stripe_price_id="").exists():
            transaction.on_commit(lambda: _push_now(request, plan))

    @question(name=gettext_lazy("Push to Stripe"), at="push", permission="change")
    def push_to_stripe(self, request: HttpRequest) -> HttpResponse:
        """Bring every offered plan and its prices to Stripe."""

        def act(answers: dict[str, Any]) -> HttpResponse:
            lines = _pushed()
            audit.record(actor=staff_of(request), action="plans.pushed", detail={"lines": lines})
            messages.success(request, "; ".join(lines))
            return HttpResponseRedirect(reverse("admin:billing_plan_changelist"))

        asked = Question(
            title=_("Push to Stripe"),
            button=_("Push to Stripe"),
            form=forms.Confirm,
            act=act,
            explanation=_(
                "A changed amount becomes a new price; who has subscribed keeps the old."
            ),
        )
        return ask(request, asked, admin=self)


def _push_now(request: HttpRequest, plan: Plan) -> None:
    try:
        lines = _pushed(only=plan)
    except errors.Problem as problem:
        messages.warning(
            request,
            _("The changed prices are not sold until they are pushed to Stripe.")
            + f" {problem.detail}",
        )
        return
    audit.record(actor=staff_of(request), action="plans.pushed", detail={"lines": lines})
    messages.success(request, "; ".join(lines))


def _pushed(*, only: Plan | None = None) -> list[str]:
    if manual_mode.is_on():
        raise errors.Closed(_("Manual mode: Stripe can't be asked."))
    try:
        return plans.push(only=only)
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        raise errors.UpstreamFailed(f"Stripe: {error}") from error
