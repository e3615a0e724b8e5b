"""Tenants in the admin: the list, and the one page that tells a tenant's whole story."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import manual_mode
from billing.manual_mode import Opening
from billing.models import Subscription
from public_apps.tenants import domains
from public_apps.tenants.models import Aim, Tenant
from public_apps.tenants.offboarding import departures
from staff import forms, tenant_panels, tenant_timeline
from staff.admin.confirmation import AdminAction, Question, ask, question
from staff.admin.filters import StateFilter, SubscriptionFilter
from staff.admin.tenant_actions import (
    DeedsInTheirName,
    DeedsOnAccess,
    DeedsOnMoney,
    DeedsOnTheWay,
    who,
)
from staff.admin.tenant_domains import DeedsOnAddresses
from staff.admin.tenant_offboarding import DeedsOnDeparture
from staff.site import site


@admin.register(Tenant, site=site)
class TenantAdmin(
    DeedsOnTheWay, DeedsOnAddresses, DeedsOnAccess, DeedsOnMoney, DeedsInTheirName, DeedsOnDeparture
):
    list_display = (
        "__str__", "address", "owner_email", "state_label", "subscription_status", "created_at",
    )  # fmt: skip
    search_fields = ("name", "owner_email", "schema_name", "domains__domain")
    list_filter = (StateFilter, SubscriptionFilter, "created_at")
    ordering = ("-id",)
    fields = (
        "created_at", "provisioned_at", "claimed_at", "opened_at", "access_review_at",
    )  # fmt: skip
    change_form_before_template = "admin/tenant_story.html"
    actions_list = ("open_workspace",)
    actions_detail = (
        "impersonate", "resend_welcome", "retry_provisioning", "record_payment", "link_customer",
        "change_subdomain", "verify_domain", "choose_first", "remove_domain", "suspend", "resume",
        "archive", "put_off_archive", "keep", "bring_back", "erase",
    )  # fmt: skip

    class Media:
        css = {"all": ("staff/dashboard.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the times that the story over them does not tell."""
        return self.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        newest = Subscription.objects.filter(tenant=OuterRef("pk")).order_by("-created_at")
        tenants: QuerySet[Tenant] = (
            super()
            .get_queryset(request)
            .prefetch_related("domains")
            .annotate(newest_subscription=Subquery(newest.values("status")[:1]))
        )
        return tenants

    @admin.display(description=gettext_lazy("status"))
    def state_label(self, tenant: Tenant) -> str:
        return str(tenant.status.label)

    @admin.display(description=gettext_lazy("address"))
    def address(self, tenant: Tenant) -> str:
        return next((str(each.domain) for each in tenant.domains.all() if each.is_primary), "")

    @admin.display(description=gettext_lazy("subscription"))
    def subscription_status(self, tenant: Any) -> str:
        return tenant.newest_subscription or ""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the story over the row's own fields."""
        tenant = self.get_object(request, object_id)
        told = _told(tenant, request) if tenant is not None else {}
        allowed = super().get_actions_detail(request, object_id)
        unfit = unfit_for(tenant) if tenant is not None else frozenset()
        fitting = [name for name in self.actions_detail if name not in unfit]
        told["admin_actions"] = self._get_actions_navigation(fitting, allowed, object_id)
        shown: HttpResponse = super().change_view(
            request, object_id, form_url, {**told, **(extra_context or {})}
        )
        return shown

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Leave unfold's row of buttons empty: so many stand better in the page itself."""
        return []

    @question(name=gettext_lazy("Open a workspace"), at="open", permission="open_tenants")
    def open_workspace(self, request: HttpRequest) -> HttpResponse:
        """Open a workspace for somebody who did not buy online."""
        return ask(request, opening_question(by=who(request)), admin=self)


def unfit_for(tenant: Tenant) -> frozenset[str]:
    """Return the deeds that would be refused as things stand: no buttons for them."""
    departure = departures.current(tenant)
    fits = {
        "verify_domain": tenant.domain_claims.exists(),
        "remove_domain": tenant.domain_claims.exists(),
        "choose_first": tenant.domains.filter(retires_at=None).count() > 1,
        "put_off_archive": departure is not None and departure.can_be_put_off,
        "keep": departure.can_be_undone if departure else tenant.archived_at is not None,
        "bring_back": departure is not None and departure.can_be_revived,
        "archive": tenant.archived_at is None or departure is None,
        "erase": bool(tenant.name) and not (departure and departure.aim == Aim.ERASURE),
    }
    return frozenset(name for name, fit in fits.items() if not fit)


def _told(tenant: Tenant, request: HttpRequest) -> dict[str, Any]:
    signup = tenant_timeline.signup_of(tenant)
    return {
        "tenant_url": domains.url_of(tenant) if tenant.primary_domain else "",
        "owner": tenant_timeline.owner_of(tenant),
        "signup": signup,
        "steps": tenant_timeline.steps_of(signup) if signup else [],
        "sections": tenant_panels.sections_of(tenant, request=request),
    }


def opening_question(*, by: str) -> Question:
    """Return the form for a new workspace, with a payment if one came."""

    def act(answers: dict[str, Any]) -> AdminAction:
        tenant = manual_mode.open_tenant(opening=opening_of(answers), by=by)
        record_first_payment(tenant, answers, by=by)
        said = _("Opened; the welcome mail is on its way.")
        return AdminAction(said=said, to=tenant, action="tenant.opened", detail=opened_as(answers))

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
        **{name: answers[name] for name in forms.OPENED_WITH},
        language=answers["language"],
        plan=answers["plan"].code if answers["plan"] else "",
    )


def opened_as(answers: dict[str, Any]) -> dict[str, Any]:
    """Return what the audit log should tell of an opening."""
    return {name: answers[name] for name in ("subdomain", "email", "paid_until")}


def record_first_payment(tenant: Tenant, answers: dict[str, Any], *, by: str) -> None:
    """Record the payment that was typed in with a new workspace, if one was."""
    if answers["paid_until"] is None:
        return
    manual_mode.record_payment(
        tenant=tenant,
        amount=forms.minor(answers["amount"]) if answers["amount"] else 0,
        currency=settings.STRIPE.currency,
        reference=answers["reference"] or _("with the opening"),
        paid_until=answers["paid_until"],
        by=by,
    )
