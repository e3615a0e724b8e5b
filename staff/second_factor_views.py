"""The pages of staff's second factor: enrol, prove, and write the recovery codes down."""

from __future__ import annotations

from typing import Any

from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from public_apps.accounts.models import User
from staff import second_factor
from staff.second_factor import CodeForm, EnrolForm
from staff.site import site


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Ask somebody who gave the right password for a code, or let them enrol an app first.

    Where none is required, an app may be enrolled all the same, and is asked for from then on.
    """
    user = request.user
    if not isinstance(user, User) or not (user.is_active and user.is_staff):
        return redirect("admin:login")
    if not second_factor.is_enrolled(user):
        return _enrol(request, user)
    if second_factor.is_satisfied(request):
        return HttpResponseRedirect(_next(request))
    return _prove(request, user)


@never_cache
@require_http_methods(["GET", "HEAD"])
def codes_page(request: HttpRequest) -> HttpResponse:
    """Show the recovery codes, the one time that they are shown."""
    codes = second_factor.recovery_codes(request)
    if not codes:
        return HttpResponseRedirect(_next(request))
    page = {"title": _("Recovery codes"), "codes": codes, "next": _next(request)}
    return _render(request, "admin/second_factor_codes.html", page)


@never_cache
@require_POST
def leave_page(request: HttpRequest) -> HttpResponse:
    """Sign somebody out who has not proven a second factor: the admin's own page lets no such in."""
    auth.logout(request)
    return redirect("admin:login")


def _prove(request: HttpRequest, user: User) -> HttpResponse:
    form = CodeForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        second_factor.prove(request, form)
        return HttpResponseRedirect(_next(request))
    page = {"title": _("Your code"), "form": form, "next": _next(request)}
    return _render(request, "admin/second_factor.html", page)


def _enrol(request: HttpRequest, user: User) -> HttpResponse:
    form = EnrolForm(request.POST if request.method == "POST" else None, user=user)
    if form.is_bound and form.is_valid():
        second_factor.enrol(request, form)
        return redirect("admin:recovery-codes")
    page = {"title": _("Set up your second factor"), "form": form, "next": _next(request)}
    return _render(request, "admin/second_factor_enrol.html", page)


def _render(request: HttpRequest, template: str, page: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**site.each_context(request), **page})


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    here = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")


site.pages += [
    path("second-factor/", second_factor_page, name="second-factor"),
    path("second-factor/leave/", leave_page, name="leave"),
    path("second-factor/codes/", site.admin_view(codes_page), name="recovery-codes"),
]
