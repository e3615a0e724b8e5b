"""/settings/export/: an owner takes everything along."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

import structlog
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.errors import Problem
from public_apps.tenants.archives import download_links, exports
from public_apps.tenants.archives.store_types import NoStore, NotKept
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("exports.create", held=True)
def export_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Say how far the archive is, offer it, or have one made."""
    tenant = _tenant(request)
    if request.method == "POST":
        try:
            exports.request_export(tenant=tenant, by=current_user(request))
        except Problem as refusal:
            messages.error(request, refusal.detail)
        return HttpResponseSeeOther(reverse("export-page"))
    shown = {"export": exports.current(tenant)}
    return render(request, "tenant/export.html", shown)


@require_safe
@require_permission("exports.link")  # type: ignore[arg-type]  # an answer that streams is an answer, too
def archive_page(request: HttpRequest, scope: Scope) -> HttpResponseBase:
    """Hand the newest archive out."""
    try:
        return _handed_out(request, by=current_user(request))
    except NotKept as error:
        raise Http404 from error
    except NoStore:
        log.exception("the store is out of reach")
        messages.error(request, _("The archive can't be reached just now. Please try again later."))
        return HttpResponseSeeOther(reverse("export-page"))


@require_safe
@never_cache
def link_page(request: HttpRequest) -> HttpResponseBase:
    """Hand the archive out to which a link leads, to whoever has the link."""
    found = download_links.follow(request.GET.get("token", ""), tenant=_tenant(request))
    if found is None:
        raise Http404
    export_id, person = found
    try:
        return _handed_out(request, by=person, export_id=export_id)
    except NotKept as error:
        raise Http404 from error
    except NoStore:
        log.exception("the store is out of reach")
        return HttpResponse(
            _("The archive can't be reached just now. Please try again later."),
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            content_type="text/plain; charset=utf-8",
        )


def _handed_out(
    request: HttpRequest, *, by: User, export_id: UUID | None = None
) -> HttpResponseBase:
    export, archive = exports.fetch(tenant=_tenant(request), export_id=export_id, by=by)
    name = f"{request.get_host().partition(':')[0]}-{timezone.localdate():%Y-%m-%d}.zip"
    answer = FileResponse(
        archive, as_attachment=True, filename=name, content_type="application/zip"
    )
    answer["Content-Length"] = str(export.size)
    return answer


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]  # what TenantRequest declares
    return tenant
