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

from public_apps.accounts.permissions import Reach, reach_of
from public_apps.accounts.view_decorators import SeeOther, may, me, page
from public_apps.core.forms import carried_out
from tenant_apps.announcements import actions, queries
from tenant_apps.announcements.forms import AnnouncementForm
from tenant_apps.announcements.models import Announcement

A_PAGE = 20


@require_safe
@page("announcements.list")
def list_page(request: HttpRequest, reach: Reach) -> HttpResponse:
    """Show what is told, pinned ones on top."""
    found = _seen(request, reach).order_by("-pinned", "-publish_at", "-pk")
    rows = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    shown = {"rows": rows, "may_post": may(request, "announcements.create")}
    return render(request, "tenant/announcements/list.html", shown)


@require_safe
@page("announcements.retrieve")
def detail_page(request: HttpRequest, reach: Reach, pk: int) -> HttpResponse:
    """Show one, which whoever opens it has thereby read."""
    found = get_object_or_404(_seen(request, reach), pk=pk)
    actions.mark_read(announcement=found, by=me(request))
    shown = {"announcement": found, "may_change": _may_change(request, found)}
    return render(request, "tenant/announcements/detail.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@page("announcements.create")
def new_page(request: HttpRequest, reach: Reach) -> HttpResponse:
    """Write an announcement."""
    form = AnnouncementForm(request.POST or None)
    made = carried_out(request, form, lambda **said: actions.post(by=me(request), **said).pk)
    if made is not None:
        messages.success(request, _("The announcement is posted."))
        return SeeOther(reverse("announcement-page", args=[made]))
    return render(
        request, "tenant/announcements/form.html", {"form": form, "key": uuid.uuid4().hex}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page("announcements.partial_update")
def change_page(request: HttpRequest, reach: Reach, pk: int) -> HttpResponse:
    """Change an announcement."""
    found = get_object_or_404(_changeable(request, reach), pk=pk)
    form = AnnouncementForm(request.POST or None, instance=found)

    def change(**said: object) -> int:
        locked = Announcement.objects.select_for_update().get(pk=pk)
        return actions.change(announcement=locked, **said).pk  # type: ignore[arg-type]

    if carried_out(request, form, change) is not None:
        messages.success(request, _("The announcement is changed."))
        return SeeOther(reverse("announcement-page", args=[pk]))
    shown = {"form": form, "announcement": found, "key": uuid.uuid4().hex}
    return render(request, "tenant/announcements/form.html", shown)


@require_POST
@page("announcements.destroy")
def delete_page(request: HttpRequest, reach: Reach, pk: int) -> HttpResponse:
    """Delete an announcement."""
    with transaction.atomic():
        found = get_object_or_404(_changeable(request, reach).select_for_update(), pk=pk)
        actions.withdraw(announcement=found, by=me(request))
    messages.success(request, _("The announcement is deleted."))
    return SeeOther(reverse("announcements-page"))


def _seen(request: HttpRequest, reach: Reach) -> QuerySet[Announcement]:
    rows = queries.for_reader(me(request))
    return queries.meant_for(me(request), rows) if reach is Reach.OWN else rows


def _changeable(request: HttpRequest, reach: Reach) -> QuerySet[Announcement]:
    rows = Announcement.objects.all()
    if reach is Reach.NONE:
        return rows.none()
    return rows.filter(author=me(request)) if reach is Reach.OWN else rows


def _may_change(request: HttpRequest, announcement: Announcement) -> bool:
    reach = reach_of(request, "announcements.partial_update")
    return _changeable(request, reach).filter(pk=announcement.pk).exists()
