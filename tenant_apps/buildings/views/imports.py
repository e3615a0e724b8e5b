"""Importing apartments, and watching long work."""

from __future__ import annotations

import csv
import uuid
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.forms import submit_form
from tenant_apps.buildings import apartment_import
from tenant_apps.buildings.forms import ImportForm
from tenant_apps.buildings.models import Building, Work

EXAMPLE = (
    ("A1", 1, "78.50", 42, "Maria Papadaki", "maria@example.com", "+30 210 0000000", "", "", ""),
    ("A2", 1, "64", 35, "Nikos Vlachos", "", "", "Anna Karra", "anna@example.com", ""),
)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("buildings.import_apartments")
def import_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take a CSV file of apartments."""
    building = get_object_or_404(Building, pk=pk)
    form = ImportForm(request.POST or None, request.FILES or None)

    def start(content: str) -> str:
        asked = apartment_import.start(
            building=building, content=content, asked_by=current_user(request)
        )
        return str(asked.pk)

    started = submit_form(request, form, start)
    if started is not None:
        return HttpResponseSeeOther(reverse("work-page", args=[started]))
    shown = {
        "form": form,
        "building": building,
        "columns": apartment_import.COLUMNS,
        "most_lines": apartment_import.MOST_LINES,
        "key": uuid.uuid4().hex,
    }
    return render(request, "tenant/buildings/import.html", shown)


@require_safe
@require_permission("buildings.import_apartments")
def example(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return a file to fill in."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="apartments.csv"'
    writer = csv.writer(answer)
    writer.writerow(apartment_import.COLUMNS)
    writer.writerows(EXAMPLE)
    return answer


@require_safe
@require_permission("work.retrieve")
def work_page(request: HttpRequest, scope: Scope, pk: UUID) -> HttpResponse:
    """Show how far work has come; the page asks again by itself until it has ended."""
    found = get_object_or_404(Work.objects.defer("content"), pk=pk)
    shown = {
        "work": found,
        "ended": found.status in {"done", "refused"},
        "back": _back(found),
    }
    return render(request, "tenant/buildings/work.html", shown)


def _back(found: Work) -> str:
    if found.kind == Work.Kind.IMPORT:
        return reverse("building-page", args=[found.subject_id])
    if found.kind == Work.Kind.ISSUE:
        return reverse("month-page", args=[found.subject_id])
    return "/"
