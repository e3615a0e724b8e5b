"""The page that an invitation's link leads to: looking is free, joining is one POST."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from public_apps.accounts.invitations import actions, links
from public_apps.accounts.models import Invitation
from public_apps.core.errors import Problem
from public_apps.core.names import check_shown


class JoinForm(forms.Form):
    """What a new member says of themselves."""

    first_name = forms.CharField(
        label=gettext_lazy("First name"), max_length=80, validators=[check_shown],
        widget=forms.TextInput({"autocomplete": "given-name"}),
    )  # fmt: skip
    last_name = forms.CharField(
        label=gettext_lazy("Last name"), max_length=80, validators=[check_shown],
        widget=forms.TextInput({"autocomplete": "family-name"}),
    )  # fmt: skip
    password = forms.CharField(
        label=gettext_lazy("Password"), max_length=128, strip=False,
        help_text=gettext_lazy("At least 10 characters, not only digits."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )  # fmt: skip


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, key: str) -> HttpResponse:
    """Show the invitation on GET, and accept it on POST."""
    if request.method == "POST":
        limited: HttpResponse | None = ratelimit.consume_or_429(
            request, action="reset_password_from_key"
        )
        return limited or _accept(request, key)
    found = links.find(key)
    names = {"first_name": found.first_name, "last_name": found.last_name} if found else {}
    return _page(request, JoinForm(initial=names), found)


def _accept(request: HttpRequest, key: str) -> HttpResponse:
    form = JoinForm(request.POST)
    if form.is_valid():
        try:
            actions.accept(key=key, language=get_language() or "", **form.cleaned_data)
        except Problem as problem:
            _mark(form, problem)
        else:
            messages.success(request, _("Welcome! Please sign in with your new password."))
            return redirect("account_login")
    return _page(request, form, links.find(key))


def _mark(form: forms.Form, problem: Problem) -> None:
    for field, texts in (problem.errors or {"": [problem.detail]}).items():
        form.add_error(field if field in form.fields else None, texts)


def _page(request: HttpRequest, form: JoinForm, found: Invitation | None) -> HttpResponse:
    status = HTTPStatus.OK if found else HTTPStatus.GONE
    page: dict[str, Any] = {"form": form, "invitation": found}
    return render(request, "account/invitation.html", page, status=status)
