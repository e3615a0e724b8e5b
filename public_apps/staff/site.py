"""The staff admin: on public hosts only, with a throttled sign-in."""

from __future__ import annotations

from typing import Any

from allauth.core import context, ratelimit
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite


class ThrottledAuthenticationForm(AuthenticationForm):
    """Counts failed tries per client and per account, as sign-in on tenants' hosts does."""

    def clean(self) -> dict[str, Any]:
        key = str(self.cleaned_data.get("username", "")).lower()
        if not ratelimit.consume(
            context.request, action="login_failed", key=f"staff:{key}", dry_run=True
        ):
            raise ValidationError(_("Too many tries. Please wait a few minutes."))
        try:
            cleaned: dict[str, Any] = super().clean() or {}
        except ValidationError:
            ratelimit.consume(context.request, action="login_failed", key=f"staff:{key}")
            raise
        return cleaned


class StaffSite(UnfoldAdminSite):
    """Staff see and steer everything from here."""

    login_form = ThrottledAuthenticationForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff in, and only where no tenant is being served."""
        return getattr(request, "tenant", None) is None and super().has_permission(request)


site = StaffSite(name="admin")
