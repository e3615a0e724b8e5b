"""Requests as pages: opening one, and the forms beside it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.forms import submit_form
from tenant_apps.files import actions as files
from tenant_apps.requests import actions
from tenant_apps.requests.forms import AssignForm, CommentForm, MoveForm, RequestForm, UploadForm
from tenant_apps.requests.models import ServiceRequest
from tenant_apps.requests.views.reading import following, render_detail, visible_requests


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("requests.create")
def new_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Open a request."""
    form = RequestForm(request.POST or None, user=current_user(request), scope=scope)
    made = submit_form(
        request, form, lambda **said: actions.open_request(by=current_user(request), **said).pk
    )
    if made is not None:
        messages.success(request, _("The request is open. You can add files to it here."))
        return HttpResponseSeeOther(reverse("request-page", args=[made]))
    shown = {"form": form, "key": uuid.uuid4().hex}
    return render(request, "tenant/requests/form.html", shown)


@require_POST
@require_permission("requests.move")
def move_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Move a request to another status."""
    asked = _asked(request, scope, pk)
    form = MoveForm(request.POST, following=following(request, scope, asked))

    def verb(**said: Any) -> int:
        desk = scope is Scope.ALL
        return actions.move(request=asked, by=current_user(request), desk=desk, **said).pk

    return _done(request, scope, asked, "move", form, verb, _("The status is changed."))


@require_POST
@require_permission("requests.assign")
def assign_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Make somebody responsible for a request."""
    asked = _asked(request, scope, pk)

    def verb(**said: Any) -> int:
        return actions.assign(request=asked, by=current_user(request), **said).pk

    form = AssignForm(request.POST)
    return _done(request, scope, asked, "assign", form, verb, _("Who looks after it is changed."))


@require_POST
@require_permission("requests.comment")
def comment_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Say something about a request."""
    asked = _asked(request, scope, pk)

    def verb(**said: Any) -> int:
        return actions.comment(request=asked, by=current_user(request), **said).pk

    form = CommentForm(request.POST, desk=scope is Scope.ALL)
    return _done(request, scope, asked, "comment", form, verb, _("Your comment is there."))


@require_POST
@require_permission("requests.attach")
def attach_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Add a file to a request."""
    asked = _asked(request, scope, pk)

    def verb(*, file: Any) -> int:
        stored = files.keep(file, by=current_user(request))
        actions.attach(request=asked, files=[stored.pk], by=current_user(request))
        return asked.pk

    form = UploadForm(request.POST, request.FILES)
    return _done(request, scope, asked, "attach", form, verb, _("The file is added."))


def _asked(request: HttpRequest, scope: Scope, pk: int) -> ServiceRequest:
    return get_object_or_404(visible_requests(request, scope), pk=pk)


def _done(
    request: HttpRequest, scope: Scope, asked: ServiceRequest, name: str, form: Form,
    verb: Callable[..., Any], said: str,
) -> HttpResponse:  # fmt: skip
    """Carry a form out and lead back to its request; refused, show it there with what was wrong."""
    if submit_form(request, form, verb) is None:
        return render_detail(request, scope, asked.pk, **{name: form})
    messages.success(request, said)
    return HttpResponseSeeOther(reverse("request-page", args=[asked.pk]))
