"""Buildings: the list, one with its apartments, and what can be done with it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    has_permission,
    require_permission,
)
from public_apps.core.errors import Problem
from public_apps.core.forms import submit_form
from tenant_apps.buildings import actions, background_jobs, queries
from tenant_apps.buildings.forms import BuildingForm, MillsForm
from tenant_apps.buildings.models import ALL_MILLS, Apartment, Building, Work

A_PAGE = 50


def visible_buildings(request: HttpRequest, scope: Scope) -> QuerySet[Building]:
    """Return the buildings that somebody of this reach may see."""
    rows = Building.objects.all()
    if scope is Scope.OWN:
        rows = rows.filter(pk__in=queries.buildings_of(current_user(request)))
    return queries.with_sums(rows)


@require_safe
@require_permission("buildings.list")
def list_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show all buildings."""
    rows = Paginator(visible_buildings(request, scope).order_by("name"), A_PAGE)
    shown = {
        "rows": rows.get_page(request.GET.get("page")),
        "may_add": has_permission(request, "buildings.create"),
        "all_mills": ALL_MILLS,
        "own": scope is Scope.OWN,
    }
    return render(request, "tenant/buildings/list.html", shown)


@require_safe
@require_permission("buildings.retrieve")
def detail_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show a building with its apartments, of a resident their own."""
    building = get_object_or_404(visible_buildings(request, scope), pk=pk)
    apartments = building.apartments.order_by("floor", "number")
    if scope is Scope.OWN:
        apartments = apartments.filter(pk__in=queries.apartments_of(current_user(request)))
    shown = {
        "building": building,
        "apartments": apartments,
        "all_mills": ALL_MILLS,
        "may_change": has_permission(request, "buildings.partial_update"),
        "may_see_months": has_permission(request, "periods.preview"),
        "notes": "" if scope is Scope.OWN else building.notes,
        "import": background_jobs.latest(kind=Work.Kind.IMPORT, subject_id=pk)
        if has_permission(request, "work.retrieve")
        else None,
    }
    return render(request, "tenant/buildings/detail.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("buildings.create")
def new_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Add a building."""
    form = BuildingForm(request.POST or None)
    made = submit_form(request, form, lambda **said: actions.add_building(**said).pk)
    if made is not None:
        messages.success(request, _("The building is added. Its apartments come next."))
        return HttpResponseSeeOther(reverse("building-page", args=[made]))
    return render(request, "tenant/buildings/form.html", {"form": form, "key": uuid.uuid4().hex})


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("buildings.partial_update")
def change_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Change a building."""
    building = get_object_or_404(Building, pk=pk)
    form = BuildingForm(request.POST or None, instance=building)

    def change(**said: Any) -> int:
        locked = Building.objects.select_for_update().get(pk=pk)
        return actions.change_building(building=locked, **said).pk

    if submit_form(request, form, change) is not None:
        messages.success(request, _("The building is changed."))
        return HttpResponseSeeOther(reverse("building-page", args=[pk]))
    shown = {"form": form, "building": building, "key": uuid.uuid4().hex}
    return render(request, "tenant/buildings/form.html", shown)


@require_POST
@require_permission("buildings.destroy", held=True)
def remove_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Remove a building that nothing belongs to."""
    try:
        with transaction.atomic():
            building = get_object_or_404(Building.objects.select_for_update(), pk=pk)
            actions.remove_building(building=building)
    except Problem as refusal:
        messages.error(request, refusal.detail)
        return HttpResponseSeeOther(reverse("building-page", args=[pk]))
    messages.success(request, _("The building is removed."))
    return HttpResponseSeeOther(reverse("buildings-page"))


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("apartments.partial_update")
def mills_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Set the mills of all apartments side by side."""
    building = get_object_or_404(queries.with_sums(Building.objects.all()), pk=pk)
    apartments: list[Apartment] = list(building.apartments.order_by("floor", "number"))
    form = MillsForm(request.POST or None, apartments=apartments)

    def change(mills: dict[int, int]) -> bool:
        actions.set_mills(building=building, mills=mills)
        return True

    if submit_form(request, form, change):
        messages.success(request, _("The mills are saved."))
        return HttpResponseSeeOther(reverse("building-page", args=[pk]))
    shown = {
        "form": form, "building": building, "all_mills": ALL_MILLS, "key": uuid.uuid4().hex,
    }  # fmt: skip
    return render(request, "tenant/buildings/mills.html", shown)
