"""Apartments and who lives in them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
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
from tenant_apps.buildings import actions, queries
from tenant_apps.buildings.forms import ApartmentForm, ResidencyDaysForm, ResidencyForm
from tenant_apps.buildings.models import Apartment, Building, Residency


@require_safe
@require_permission("apartments.retrieve")
def detail_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show an apartment and, to those who look after it, its residents."""
    apartment = get_object_or_404(_seen(request, scope).select_related("building"), pk=pk)
    residencies = apartment.residencies.select_related("user").order_by("-starts_on")
    if scope is Scope.OWN:
        residencies = residencies.filter(user=current_user(request))
    shown = {
        "apartment": apartment,
        "residencies": residencies,
        "may_change": has_permission(request, "apartments.partial_update"),
        "may_see_statement": has_permission(request, "statements.retrieve"),
    }
    return render(request, "tenant/buildings/apartment.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("apartments.create")
def new_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Add an apartment to a building."""
    building = get_object_or_404(Building, pk=pk)
    form = ApartmentForm(request.POST or None)

    def add(**said: Any) -> int:
        tenant = request.tenant  # type: ignore[attr-defined]  # what TenantRequest declares
        return actions.add_apartment(tenant=tenant, building=building, **said).pk

    if submit_form(request, form, add) is not None:
        messages.success(request, _("The apartment is added."))
        return HttpResponseSeeOther(reverse("building-page", args=[pk]))
    shown = {"form": form, "building": building, "key": uuid.uuid4().hex}
    return render(request, "tenant/buildings/apartment_form.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("apartments.partial_update")
def change_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Change an apartment."""
    apartment = get_object_or_404(Apartment.objects.select_related("building"), pk=pk)
    form = ApartmentForm(request.POST or None, instance=apartment)

    def change(**said: Any) -> int:
        locked = Apartment.objects.select_for_update().get(pk=pk)
        return actions.change_apartment(apartment=locked, **said).pk

    if submit_form(request, form, change) is not None:
        messages.success(request, _("The apartment is changed."))
        return HttpResponseSeeOther(reverse("apartment-page", args=[pk]))
    shown = {
        "form": form, "apartment": apartment, "building": apartment.building,
        "key": uuid.uuid4().hex,
    }  # fmt: skip
    return render(request, "tenant/buildings/apartment_form.html", shown)


@require_POST
@require_permission("apartments.destroy", held=True)
def remove_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Remove an apartment without a history."""
    try:
        with transaction.atomic():
            apartment = get_object_or_404(Apartment.objects.select_for_update(), pk=pk)
            actions.remove_apartment(apartment=apartment)
    except Problem as refusal:
        messages.error(request, refusal.detail)
        return HttpResponseSeeOther(reverse("apartment-page", args=[pk]))
    messages.success(request, _("The apartment is removed."))
    return HttpResponseSeeOther(reverse("building-page", args=[apartment.building_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("residencies.create")
def new_resident_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Make a member of the workspace owner or tenant of an apartment."""
    apartment = get_object_or_404(Apartment.objects.select_related("building"), pk=pk)
    form = ResidencyForm(request.POST or None)
    made = submit_form(
        request, form, lambda **said: actions.add_residency(apartment=apartment, **said).pk
    )
    if made is not None:
        messages.success(request, _("The resident is added."))
        return HttpResponseSeeOther(reverse("apartment-page", args=[pk]))
    shown = {"form": form, "apartment": apartment, "key": uuid.uuid4().hex}
    return render(request, "tenant/buildings/resident_form.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("residencies.partial_update")
def change_resident_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Change a residency's days, its last one above all."""
    residency = get_object_or_404(
        Residency.objects.select_related("apartment__building", "user"), pk=pk
    )
    form = ResidencyDaysForm(request.POST or None, instance=residency)

    def change(**said: Any) -> int:
        locked = Residency.objects.select_for_update().get(pk=pk)
        return actions.change_residency(residency=locked, **said).pk

    if submit_form(request, form, change) is not None:
        messages.success(request, _("The days are changed."))
        return HttpResponseSeeOther(reverse("apartment-page", args=[residency.apartment_id]))
    shown = {
        "form": form, "apartment": residency.apartment, "residency": residency,
        "key": uuid.uuid4().hex,
    }  # fmt: skip
    return render(request, "tenant/buildings/resident_form.html", shown)


def _seen(request: HttpRequest, scope: Scope) -> QuerySet[Apartment]:
    return (
        queries.apartments_of(current_user(request))
        if scope is Scope.OWN
        else Apartment.objects.all()
    )
