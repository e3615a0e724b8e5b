"""Purchases made at Stripe rather than on our site: a list, and one click that opens a workspace."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import open_purchase, outside_purchases
from billing.manual_mode import Opening
from billing.models import OutsidePurchase
from staff import forms
from staff.admin.confirmation import AdminAction, Question, ask, question
from staff.admin.read_only import RecordAdmin
from staff.admin.tenant_actions import who
from staff.site import site


@admin.register(OutsidePurchase, site=site)
class OutsidePurchaseAdmin(RecordAdmin):
    list_display = (
        "id", "tenant", "plan", "status", "unit_amount", "currency", "customer_id", "created_at",
    )  # fmt: skip
    search_fields = ("id", "customer_id", "tenant__name")
    list_filter = (("tenant", admin.EmptyFieldListFilter),)
    list_select_related = ("tenant", "plan")
    ordering = ("-created_at",)
    actions_detail = ("open_workspace",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutsidePurchase]:
        """Leave out what was bought on our site."""
        return outside_purchases.all_of_them()

    @question(name=gettext_lazy("Open a workspace"), at="open", permission="open_tenants")
    def open_workspace(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open what was bought; the buyer's own words at Stripe are in the form already."""
        purchase = get_object_or_404(OutsidePurchase, pk__in={object_id, unquote(object_id)})

        def act(answers: dict[str, Any]) -> AdminAction:
            opening = Opening(
                **{name: answers[name] for name in forms.OPENED_WITH},
                language=answers["language"],
                plan=purchase.plan.code if purchase.plan else "",
            )
            tenant = open_purchase.open_workspace(
                purchase=purchase, opening=opening, by=who(request)
            )
            said = _("Opened; the welcome mail is on its way.")
            detail = {name: answers[name] for name in ("subdomain", "email")}
            detail["subscription"] = purchase.pk
            return AdminAction(said=said, to=tenant, action="tenant.opened", detail=detail)

        asked = Question(
            title=_("Open a workspace"),
            button=_("Open a workspace"),
            form=forms.WorkspaceForm,
            act=act,
            about=f"{purchase} · {purchase.plan}",
            explanation=_(
                "As if it had been bought on our site: the owner gets the welcome mail, and the "
                "subscription pays for the workspace from now on."
            ),
            initial={} if request.method == "POST" else open_purchase.wished(purchase),
        )
        return ask(request, asked, admin=self)
