"""Staff show once more who they are, before a deed that can't be undone or opens somebody's door."""

from __future__ import annotations

import time

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminPasswordWidget

from public_apps.accounts.models import User
from public_apps.accounts.sign_in_throttling import Attempt
from public_apps.core import error_responses
from public_apps.core.errors import TooManyRequests
from staff import second_factor
from staff.second_factor import CodeForm
from staff.site import site


class PasswordForm(forms.Form):
    """The password of whoever is signed in; tries are counted as at the sign-in."""

    code = forms.CharField(
        label=gettext_lazy("Password"), strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip

    def __init__(self, *args: object, user: User, request: HttpRequest) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # the data alone
        self.user, self.request = user, request

    def clean_code(self) -> str:
        """Refuse any other password."""
        attempt = Attempt(self.request, account=f"staff:{self.user.email}").begin()
        given: str = self.cleaned_data["code"]
        if not self.user.check_password(given):
            raise forms.ValidationError(_("This is not your password."))
        attempt.rollback()
        return given


def is_recent(request: HttpRequest) -> bool:
    """Whether this session has shown within minutes who it is; signing in counts."""
    shown: float = request.session.get(second_factor.SHOWN_AT, 0)
    return time.time() - shown < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def asked(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the page that asks, and back to the page of the deed."""
    return HttpResponseRedirect(
        f"{reverse('admin:confirm-identity')}?{urlencode({'next': request.path})}"
    )


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest) -> HttpResponse:
    """Ask for a code of whoever has an app, and of others for the password."""
    try:
        form = _form(request)
        if form.is_bound and form.is_valid():
            if isinstance(form, CodeForm):
                form.save()
            second_factor.note_shown(request)
            return HttpResponseRedirect(_next(request))
    except TooManyRequests as refusal:
        return error_responses.answer(request, refusal)
    page = {"title": _("Please confirm that it is you"), "form": form, "next": _next(request)}
    shown = {**site.each_context(request), **page}
    return render(request, "admin/confirm_identity.html", shown)


def _form(request: HttpRequest) -> CodeForm | PasswordForm:
    said = request.POST if request.method == "POST" else None
    staff = second_factor.staff_of(request)
    if second_factor.is_enrolled(staff):
        return CodeForm(said, user=staff)
    return PasswordForm(said, user=staff, request=request)


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    here = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        return wanted
    return reverse("admin:index")


site.pages += [path("confirm-identity/", site.admin_view(confirm_page), name="confirm-identity")]
