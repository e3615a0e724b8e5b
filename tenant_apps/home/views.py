"""The first page of a workspace, and the sample building's buttons."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from public_apps.accounts.models import Role
from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    has_permission,
    require_permission,
)
from public_apps.core.errors import Problem
from tenant_apps.home import dashboard, sample


@never_cache
@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show whoever signed in what needs them."""
    person = current_user(request)
    with timezone.override(settings.PAGES_TIME_ZONE):
        if person.role == Role.RESIDENT:
            mine = {"agenda": dashboard.of_resident(person)}
            return render(request, "tenant/home/resident.html", mine)
        shown = {
            "agenda": dashboard.of_desk(person, chosen=request.GET.get("building", "")),
            "with_money": has_permission(request, "balances.list"),
            "may_add": has_permission(request, "buildings.create"),
            "may_fill": has_permission(request, "sample.create"),
            "may_clear": has_permission(request, "sample.destroy"),
        }
        return render(request, "tenant/home/desk.html", shown)


@require_POST
@require_permission("sample.create", held=True)
def fill_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Have the worker fill the workspace with the sample building."""
    try:
        asked = sample.start(by=current_user(request))
    except Problem as refusal:
        messages.error(request, refusal.detail)
        return HttpResponseSeeOther("/")
    return HttpResponseSeeOther(reverse("work-page", args=[asked.pk]))


@require_POST
@require_permission("sample.destroy", held=True)
def clear_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Remove the sample building with all that belongs to it."""
    try:
        sample.clear(by=current_user(request))
    except Problem as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("The sample building is gone, with all that belonged to it."))
    return HttpResponseSeeOther("/")
