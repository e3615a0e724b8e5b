"""/settings/export/: an owner takes everything along."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from public_apps.accounts.pages import SeeOther, me, page
from public_apps.accounts.permissions import Reach
from public_apps.core.errors import Problem
from public_apps.tenants.archives import asking
from public_apps.tenants.archives.stores import NoStore
from public_apps.tenants.models import Tenant

# Who may erase everything may take it along: owners, and never an API key.
DEED = "deletion.create"


@require_http_methods(["GET", "HEAD", "POST"])
@page(DEED)
def export_page(request: HttpRequest, reach: Reach) -> HttpResponse:
    """Say how far the archive is, offer it, or have one made."""
    tenant = _tenant(request)
    if request.method == "POST":
        try:
            asking.ask(tenant=tenant, by=me(request))
        except Problem as refusal:
            messages.error(request, refusal.detail)
        return SeeOther(reverse("export-page"))
    shown = {"export": asking.current(tenant)}
    return render(request, "tenant/export.html", shown)


@require_safe
@page(DEED)  # type: ignore[arg-type]  # an answer that streams is an answer, too
def archive_page(request: HttpRequest, reach: Reach) -> HttpResponseBase:
    """Hand the archive out."""
    try:
        archive = asking.archive_of(_tenant(request))
    except NoStore as error:
        raise Http404 from error
    name = f"{request.get_host().partition(':')[0]}-{timezone.localdate():%Y-%m-%d}.zip"
    return FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]  # what TenantRequest declares
    return tenant
