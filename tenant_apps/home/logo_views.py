"""/logo/ for everybody who comes to the host, and /settings/logo/ for owners."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
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
from public_apps.core.errors import Problem
from tenant_apps.files import serving
from tenant_apps.home import logo

KEPT_SECONDS = 300
OURS = "nc/favicon.svg"


class LogoForm(forms.Form):
    logo = forms.FileField(
        label=gettext_lazy("Picture"),
        help_text=gettext_lazy("PNG, JPEG or WebP, best a square; at most 512 KiB."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )


@require_safe
def logo_image(request: HttpRequest) -> HttpResponse:
    """Show the workspace's sign, or ours. It is no secret: it stands on the sign-in page, too."""
    stored = logo.current()
    if stored is None:
        answer: HttpResponse = HttpResponseSeeOther(static(OURS))
    else:
        answer = serving.response(stored)
    answer["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("workspace.partial_update")
def logo_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Let owners choose the sign, or take it away."""
    form = LogoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and "remove" in request.POST:
        logo.remove(by=current_user(request))
        messages.success(request, _("Our own sign is shown again."))
        return HttpResponseSeeOther(reverse("logo-page"))
    if request.method == "POST" and form.is_valid():
        try:
            logo.replace(upload=form.cleaned_data["logo"], by=current_user(request))
        except Problem as refusal:
            form.add_error("logo", refusal.detail)
        else:
            messages.success(request, _("Your logo is saved."))
            return HttpResponseSeeOther(reverse("logo-page"))
    shown = {"form": form, "has_logo": logo.current() is not None}
    return render(request, "tenant/home/logo.html", shown)
