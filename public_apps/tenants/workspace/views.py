"""/settings/: what the workspace is called, which language it speaks first, and what was done in it."""

from __future__ import annotations

import uuid

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.audit.models import Entry
from public_apps.core.forms import submit_form
from public_apps.core.names import check_shown
from public_apps.tenants.workspace import actions

A_PAGE = 50


class WorkspaceForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120, validators=[check_shown])
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("For people whose own language we don't know yet."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("workspace.partial_update")
def settings_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show and change the workspace's name and language."""
    tenant = actions.current(request.tenant.pk)  # type: ignore[attr-defined]  # as TenantRequest
    known = {"name": tenant.name, "language": tenant.language}
    form = WorkspaceForm(request.POST or None, initial=known)
    done = submit_form(
        request,
        form,
        lambda **said: actions.change(tenant=tenant, by=current_user(request), **said).pk,
    )
    if done is not None:
        messages.success(request, _("Your changes are saved."))
        return HttpResponseSeeOther(reverse("settings-page"))
    shown = {"form": form, "key": uuid.uuid4().hex}
    return render(request, "tenant/people/workspace.html", shown)


@require_safe
@require_permission("audit.list")
def log_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show owners who did what, our support in somebody's name included, newest first."""
    entries = Entry.objects.order_by("-at", "-pk")
    rows = Paginator(entries, A_PAGE).get_page(request.GET.get("page"))
    return render(request, "tenant/people/log.html", {"rows": rows})
