"""/announcements/ on a tenant's host."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from public_apps.accounts.permissions import Scope, request_scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    has_permission,
    require_permission,
)
from public_apps.core.forms import submit_form
from tenant_apps.announcements import actions, queries
from tenant_apps.announcements.forms import AnnouncementForm
from tenant_apps.announcements.models import Announcement

A_PAGE = 20


@require_safe
@require_permission("announcements.list")
def list_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show what is told, pinned ones on top."""
    found = _seen(request, scope).order_by("-pinned", "-publish_at", "-pk")
    rows = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    shown = {"rows": rows, "may_post": has_permission(request, "announcements.create")}
    return render(request, "tenant/announcements/list.html", shown)


@require_safe
@require_permission("announcements.retrieve")
def detail_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one, which whoever opens it has thereby read."""
    found = get_object_or_404(_seen(request, scope), pk=pk)
    actions.mark_read(announcement=found, by=current_user(request))
    shown = {"announcement": found, "may_change": _may_change(request, found)}
    return render(request, "tenant/announcements/detail.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("announcements.create")
def new_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Write an announcement."""
    form = AnnouncementForm(request.POST or None)
    made = submit_form(
        request, form, lambda **said: actions.post(by=current_user(request), **said).pk
    )
    if made is not None:
        messages.success(request, _("The announcement is posted."))
        return HttpResponseSeeOther(reverse("announcement-page", args=[made]))
    return render(
        request, "tenant/announcements/form.html", {"form": form, "key": uuid.uuid4().hex}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("announcements.partial_update")
def change_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Change an announcement."""
    found = get_object_or_404(_changeable(request, scope), pk=pk)
    form = AnnouncementForm(request.POST or None, instance=found)

    def change(**said: object) -> int:
        locked = Announcement.objects.select_for_update().get(pk=pk)
        return actions.change(announcement=locked, **said).pk  # type: ignore[arg-type]

    if submit_form(request, form, change) is not None:
        messages.success(request, _("The announcement is changed."))
        return HttpResponseSeeOther(reverse("announcement-page", args=[pk]))
    shown = {"form": form, "announcement": found, "key": uuid.uuid4().hex}
    return render(request, "tenant/announcements/form.html", shown)


@require_POST
@require_permission("announcements.destroy", held=True)
def delete_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Delete an announcement."""
    with transaction.atomic():
        found = get_object_or_404(_changeable(request, scope).select_for_update(), pk=pk)
        actions.withdraw(announcement=found, by=current_user(request))
    messages.success(request, _("The announcement is deleted."))
    return HttpResponseSeeOther(reverse("announcements-page"))


def _seen(request: HttpRequest, scope: Scope) -> QuerySet[Announcement]:
    rows = queries.for_reader(current_user(request))
    return queries.meant_for(current_user(request), rows) if scope is Scope.OWN else rows


def _changeable(request: HttpRequest, scope: Scope) -> QuerySet[Announcement]:
    rows = Announcement.objects.all()
    if scope is Scope.NONE:
        return rows.none()
    return rows.filter(author=current_user(request)) if scope is Scope.OWN else rows


def _may_change(request: HttpRequest, announcement: Announcement) -> bool:
    scope = request_scope(request, "announcements.partial_update")
    return _changeable(request, scope).filter(pk=announcement.pk).exists()
