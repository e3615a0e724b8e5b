"""Requests as pages: the list, one with its history, and its files."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import current_user, has_permission, require_permission
from tenant_apps.files import serving
from tenant_apps.requests import queries, workflow
from tenant_apps.requests.forms import (
    AssignForm,
    CommentForm,
    MoveForm,
    NarrowForm,
    UploadForm,
)
from tenant_apps.requests.models import Attachment, ServiceRequest

A_PAGE = 20


@require_safe
@require_permission("requests.list")
def list_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show what is under way, newest first, or what the query asks for."""
    narrow = NarrowForm(request.GET)
    found = narrow.narrowed(visible_requests(request, scope)).order_by("-created_at", "-pk")
    query = request.GET.copy()
    query.pop("page", None)
    shown = {
        "rows": Paginator(found, A_PAGE).get_page(request.GET.get("page")),
        "narrow": narrow,
        "query": f"{query.urlencode()}&" if query else "",
        "may_open": has_permission(request, "requests.create"),
    }
    return render(request, "tenant/requests/list.html", shown)


@require_safe
@require_permission("requests.retrieve")
def detail_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one with its history and what may be done about it."""
    return render_detail(request, scope, pk)


@require_safe
@require_permission("requests.attachment")
def attachment(request: HttpRequest, scope: Scope, pk: int, file: uuid.UUID) -> HttpResponse:
    """Hand out a file of a request that this person sees."""
    found = get_object_or_404(
        Attachment.objects.select_related("file"),
        request=get_object_or_404(visible_requests(request, scope), pk=pk),
        file=file,
    )
    return serving.response(found.file)


def visible_requests(request: HttpRequest, scope: Scope) -> QuerySet[ServiceRequest]:
    """Return the requests that whoever asks may see."""
    rows = queries.everything()
    return queries.opened_by(current_user(request), rows) if scope is Scope.OWN else rows


def following(request: HttpRequest, scope: Scope, asked: ServiceRequest) -> list[Any]:
    """Return the statuses to which whoever asks may move a request."""
    opener = asked.opened_by_id == current_user(request).pk
    return workflow.next_statuses(asked, desk=scope is Scope.ALL, opener=opener)


def render_detail(request: HttpRequest, scope: Scope, pk: int, **sent: Form) -> HttpResponse:
    """Show a request with its forms; those just sent as they were, with what was refused."""
    asked = get_object_or_404(visible_requests(request, scope), pk=pk)
    desk = scope is Scope.ALL
    forms: dict[str, Form] = {
        "move": MoveForm(following=following(request, scope, asked)),
        "assign": AssignForm(initial={"to": asked.assigned_to_id}),
        "comment": CommentForm(desk=desk),
        "attach": UploadForm(),
        **sent,
    }
    context = {
        "asked": asked,
        "desk": desk,
        "forms": forms,
        "comments": queries.comments_on(asked, desk=desk),
        "steps": asked.steps.select_related("by", "assigned_to"),
        "key": uuid.uuid4().hex,
    }
    return render(request, "tenant/requests/detail.html", context)
