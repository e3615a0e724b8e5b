"""Pages for setting a password; signing in, out and asking for a reset are allauth's own."""

from __future__ import annotations

from http import HTTPStatus

from allauth.account.forms import ResetPasswordKeyForm
from allauth.core import ratelimit
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from public_apps.accounts import password_links


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form for a valid key on GET, and spend the key on POST."""
    if request.method == "POST":
        limited: HttpResponse | None = ratelimit.consume_or_429(
            request, action="reset_password_from_key"
        )
        return limited or _redeem(request, key)
    user = password_links.user_of(key)
    return _form_page(request, ResetPasswordKeyForm(user=user), valid=user is not None)


@transaction.atomic
def _redeem(request: HttpRequest, key: str) -> HttpResponse:
    user = password_links.user_of(key, lock=True)
    form = ResetPasswordKeyForm(request.POST, user=user, temp_key=key)
    if user is None or not form.is_valid():
        return _form_page(request, form, valid=user is not None)
    form.save()
    messages.success(request, _("Your password is set. Please sign in."))
    return redirect("account_login")


def _form_page(request: HttpRequest, form: ResetPasswordKeyForm, *, valid: bool) -> HttpResponse:
    status = HTTPStatus.OK if valid else HTTPStatus.GONE
    page = {"form": form, "valid": valid}
    return render(request, "account/set_password.html", page, status=status)
