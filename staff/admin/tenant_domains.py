"""What staff may do about a tenant's own domains, for a customer who is on the telephone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from public_apps.core import errors
from public_apps.tenants.custom_domains import claims, domain_names
from public_apps.tenants.models import DomainClaim, Tenant
from staff import forms
from staff.admin.confirmation import AdminAction, question
from staff.admin.tenant_actions import AskingAboutTenants, who


class DeedsOnAddresses(AskingAboutTenants):
    """A domain is asked about again, put first, or taken away."""

    @question(name=gettext_lazy("Verify a domain"), at="verify-domain", permission="act")
    def verify_domain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask DNS now about a domain that the tenant has added."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            claim = claims.check(claim=_claim(tenant, answers["host"]), hurried=False)
            said = _("%(host)s is verified.") if not claim.problem else _("%(host)s: %(problem)s")
            told = {"host": claim.host, "problem": claim.get_problem_display()}
            detail = {**_detail(answers), "problem": claim.problem}
            return AdminAction(
                said=said % told, to=tenant, action="tenant.domain_checked", detail=detail
            )

        explanation = _("What is verified stays so for three days, whatever DNS says now.")
        title = _("Verify a domain")
        return self.ask(request, tenant, title, host_form(_claimed(tenant)), act, explanation)

    @question(name=gettext_lazy("Choose the first address"), at="first-address", permission="act")
    def choose_first(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let links lead to another of the tenant's addresses."""
        tenant = get_object_or_404(Tenant, pk=object_id)
        served = tenant.domains.filter(retires_at=None).order_by("pk")

        def act(answers: dict[str, Any]) -> AdminAction:
            domain = claims.make_primary(tenant=tenant, host=answers["host"], by=who(request))
            said = _("Its address is now: %s") % domain.domain
            detail = _detail(answers)
            return AdminAction(
                said=said, to=tenant, action="tenant.first_address_chosen", detail=detail
            )

        explanation = _("Pages at its other addresses lead there. People sign in again.")
        form = host_form(served.values_list("domain", flat=True))
        title = _("Choose the first address")
        return self.ask(request, tenant, title, form, act, explanation)

    @question(name=gettext_lazy("Remove a domain"), at="remove-domain", permission="act")
    def remove_domain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Serve a domain no more."""
        tenant = get_object_or_404(Tenant, pk=object_id)

        def act(answers: dict[str, Any]) -> AdminAction:
            claims.remove(claim=_claim(tenant, answers["host"]), by=who(request))
            said = _("%s is removed.") % answers["host"]
            detail = _detail(answers)
            return AdminAction(said=said, to=tenant, action="tenant.domain_removed", detail=detail)

        explanation = _("The subdomain is the first address again. Whoever proves it may have it.")
        title = _("Remove a domain")
        return self.ask(request, tenant, title, host_form(_claimed(tenant)), act, explanation)


def host_form(hosts: Iterable[str]) -> type[forms.Reason]:
    """Return a form that asks for one of these hosts, and why."""
    choices = [(host, domain_names.display_name(host)) for host in hosts]

    class HostForm(forms.Reason):
        host = django_forms.ChoiceField(
            label=gettext_lazy("domain"), choices=choices, widget=UnfoldAdminSelectWidget
        )
        field_order = ("host", "reason")

    return HostForm


def _claimed(tenant: Tenant) -> Iterable[str]:
    hosts: Iterable[str] = tenant.domain_claims.order_by("pk").values_list("host", flat=True)
    return hosts


def _claim(tenant: Tenant, host: str) -> DomainClaim:
    claim: DomainClaim | None = tenant.domain_claims.filter(host=host).first()
    if claim is None:
        raise errors.Conflict(_("Somebody has removed this domain meanwhile."))
    return claim


def _detail(answers: dict[str, Any]) -> dict[str, Any]:
    return {"host": answers["host"], "reason": answers["reason"]}
