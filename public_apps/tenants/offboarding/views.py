"""/settings/delete/: an owner deletes the workspace, or undoes that while there is time."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.errors import Problem
from public_apps.core.forms import tell
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import deletion_requests
from public_apps.tenants.offboarding.departures import UNDO_FOR


class DeletionForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the workspace"),
        help_text=gettext_lazy("Type it as it stands above, to be sure."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("deletion.create")
def deletion_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Say what deleting means, and do it for whoever types name and password; or show how it stands."""
    tenant = _tenant(request)
    form = DeletionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            deletion_requests.request_deletion(
                request=request, tenant=tenant, by=current_user(request), **form.cleaned_data
            )
        except Problem as refusal:
            tell(form, refusal)
        else:
            return HttpResponseSeeOther(reverse("deletion-page"))
    shown = {"form": form, "departure": deletion_requests.current(tenant), "days": UNDO_FOR.days}
    return render(request, "tenant/deletion.html", shown)


@require_POST
@require_permission("deletion.destroy", held=True)
def undo_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Undo it."""
    try:
        deletion_requests.undo(tenant=_tenant(request), by=current_user(request))
    except Problem as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("The workspace stays."))
    return HttpResponseSeeOther(reverse("deletion-page"))


def _tenant(request: HttpRequest) -> Tenant:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]  # what TenantRequest declares
    return tenant
