"""The staff admin: on public hosts only, with a throttled sign-in and a second factor."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from public_apps.accounts.sign_in_throttling import Attempt
from public_apps.core import email_addresses, error_responses
from public_apps.core.errors import TooManyRequests
from staff import second_factor
from staff.dashboard import views as dashboard


class ThrottledAuthenticationForm(AuthenticationForm):
    """Counts failed tries per client and per account, as sign-in on tenants' hosts does."""

    def clean(self) -> dict[str, Any]:
        account = f"staff:{email_addresses.known(str(self.cleaned_data.get('username', '')))}"
        attempt = Attempt(context.request, account=account).begin()
        cleaned: dict[str, Any] = super().clean() or {}
        attempt.rollback()
        return cleaned


class StaffSite(UnfoldAdminSite):
    """Staff see and steer everything from here."""

    login_form = ThrottledAuthenticationForm

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.pages: list[URLPattern] = []  # beside the models' own: their modules add them

    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff in who have proven who they are, and only where no tenant is being served."""
        proven = _is_our_staff(request) and second_factor.is_satisfied(request)
        return proven and second_factor.stays_awake(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the password, then lead on to the second factor."""
        if request.method == "GET" and _is_our_staff(request) and not self.has_permission(request):
            return _to_second_factor(request)
        try:
            answer: HttpResponse = super().login(request, extra_context)
        except TooManyRequests as refusal:
            return error_responses.answer(request, refusal)
        if request.method == "POST" and _is_our_staff(request):
            second_factor.begin(request)
            if not self.has_permission(request):
                return _to_second_factor(request)
        return answer

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard, as far as this person may see it."""
        shown: TemplateResponse = super().index(
            request, {**dashboard.context_for(request), **(extra_context or {})}
        )
        return shown

    def extra_urls(self) -> list[URLPattern]:
        """Return the pages beside the models' own."""
        return self.pages


def _is_our_staff(request: HttpRequest) -> bool:
    user = request.user
    in_public = getattr(request, "tenant", None) is None
    return bool(in_public and user.is_active and user.is_staff)


def _to_second_factor(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    here = {request.get_host()}
    if not url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        wanted = reverse("admin:index")
    return redirect(f"{reverse('admin:second-factor')}?{urlencode({'next': wanted})}")


site = StaffSite(name="admin")
