"""/settings/domains/: a workspace's addresses, by plain pages and forms."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from csp.constants import SELF
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.errors import Problem
from public_apps.core.forms import submit_form
from public_apps.tenants import domains
from public_apps.tenants.custom_domains import services
from public_apps.tenants.custom_domains.forms import DomainForm, SubdomainForm
from public_apps.tenants.models import DomainClaim, Tenant


@require_safe
@require_permission("domains.list")
def domains_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the subdomain, own domains, the records that they need, and what can be done."""
    return _show(request)


@require_POST
@require_permission("domains.create")
def add_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Add a domain."""
    form = DomainForm(request.POST)
    tenant, by = _tenant(request), current_user(request)
    done = submit_form(request, form, lambda host: services.add(tenant=tenant, host=host, by=by).pk)
    if done is None:
        return _show(request, domain_form=form)
    messages.success(request, _("Now set these two records where your domain is looked after."))
    return _back()


@require_POST
@require_permission("domains.verify")
def verify_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Ask DNS about a domain."""
    claim = _claim(request, pk)

    def work() -> None:
        checked = services.check(tenant=_tenant(request), claim=claim, by=current_user(request))
        if checked.problem:
            messages.warning(request, _("Not yet: %s") % checked.get_problem_display())
        else:
            messages.success(request, _("The domain is verified."))

    return _try(request, work)


@require_POST
@require_permission("domains.make_primary", held=True)
def first_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Make one of the addresses the first."""
    host = request.POST.get("host", "")

    def work() -> None:
        services.make_primary(tenant=_tenant(request), host=host, by=current_user(request))
        messages.success(request, _("Your workspace is now at %s.") % host)

    return _try(request, work)


@require_POST
@require_permission("domains.destroy", held=True)
def remove_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Give a domain up."""
    claim = _claim(request, pk)

    def work() -> None:
        services.remove(tenant=_tenant(request), claim=claim, by=current_user(request))
        messages.success(request, _("The domain is removed."))

    return _try(request, work)


@require_POST
@require_permission("subdomain.create")
def subdomain_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Change the subdomain, and lead on to the new address: one signs in again there."""
    form = SubdomainForm(request.POST)
    tenant, by = _tenant(request), current_user(request)
    host = submit_form(
        request,
        form,
        lambda subdomain: services.change_subdomain(tenant=tenant, label=subdomain, by=by),
    )
    if host is None:
        return _show(request, subdomain_form=form)
    messages.success(request, _("Your subdomain is changed. Please sign in at the new address."))
    return _back()


def _show(
    request: HttpRequest, *, domain_form: Form | None = None, subdomain_form: Form | None = None
) -> HttpResponse:
    shown = services.addresses(_tenant(request))
    context = {
        "shown": shown,
        "base": domains.display_base(),
        "domain_form": domain_form or DomainForm(),
        "subdomain_form": subdomain_form or SubdomainForm(initial={"subdomain": shown.subdomain}),
        "key": uuid.uuid4().hex,
    }
    response = render(request, "tenant/domains.html", context)
    # A form sent from here may lead on to another of the workspace's hosts: browsers check that, too.
    hosts = [own.host for own in shown.own] + [f"*.{settings.TENANT_BASE_DOMAIN}"]
    leads_to = [SELF, *(domains.url_at(host, "") for host in hosts)]
    response._csp_update = {"form-action": leads_to}  # type: ignore[attr-defined]
    return response


def _try(request: HttpRequest, work: Callable[[], None]) -> HttpResponse:
    try:
        work()
    except Problem as refusal:
        messages.error(request, refusal.detail)
    return _back()


def _back() -> HttpResponse:
    return HttpResponseSeeOther(reverse("domains-page"))


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]  # what TenantRequest declares
    return tenant


def _claim(request: HttpRequest, pk: int) -> DomainClaim:
    claim = services.claim_of(_tenant(request), pk)
    if claim is None:
        raise Http404
    return claim
