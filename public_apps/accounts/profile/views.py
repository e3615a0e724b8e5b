"""/settings/me/: one's own name and language, devices and API keys."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.mfa.adapter import get_adapter as get_second_factor
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from public_apps.accounts import sessions
from public_apps.accounts.api_keys import actions as machine_keys
from public_apps.accounts.api_keys.api import PURPOSE
from public_apps.accounts.encryption import seal, unseal
from public_apps.accounts.models import ApiKey, Role, User
from public_apps.accounts.permissions import Scope
from public_apps.accounts.view_decorators import (
    HttpResponseSeeOther,
    current_user,
    require_permission,
)
from public_apps.core.forms import ActionForm, submit_form


class ProfileForm(ActionForm):
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ("first_name", "last_name", "language")


class KeyForm(ActionForm):
    role = forms.ChoiceField(label=gettext_lazy("Role"))

    class Meta:
        model = ApiKey
        fields = ("name",)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(each.value, each.label) for each in Role if not each.is_above(user.role)]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("members.retrieve", held=True)
def profile_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show one's account, and change name and language."""
    mine = current_user(request)
    form = ProfileForm(request.POST or None, instance=mine)
    if form.is_valid():
        mine.save(update_fields=list(ProfileForm.Meta.fields))
        messages.success(request, _("Your changes are saved."))
        return HttpResponseSeeOther(reverse("me-page"))
    shown = {
        "form": form,
        "key": uuid.uuid4().hex,
        "has_second_factor": get_second_factor().is_mfa_enabled(mine),
    }
    return render(request, "tenant/people/me.html", shown)


@require_safe
@require_permission("members.retrieve")
def devices_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show where one is signed in."""
    known = UserSession.objects.purge_and_list(current_user(request))
    devices = sorted(known, key=lambda each: each.created_at, reverse=True)
    return render(request, "tenant/people/devices.html", {"devices": devices})


@require_POST
@require_permission("members.retrieve")
def end_devices(request: HttpRequest, scope: Scope) -> HttpResponse:
    """End one session, or all but this one."""
    mine, current = current_user(request), request.session.session_key
    chosen = request.POST.get("device", "")
    if not chosen:
        sessions.end_all(mine, but=current)
    elif chosen.isascii() and chosen.isdigit():
        found = get_object_or_404(
            UserSession.objects.exclude(session_key=current), user=mine, pk=int(chosen[:18])
        )
        found.end()
    messages.success(request, _("Signed out there."))
    return HttpResponseSeeOther(reverse("devices-page"))


@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("keys.create")
def keys_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List one's keys, and make another, which this answer alone shows."""
    mine, secret = current_user(request), ""
    form = KeyForm(request.POST or None, user=mine)

    def made(**said: Any) -> str:  # kept sealed, for whoever sends the form twice
        return seal(machine_keys.make(user=mine, **said)[1], purpose=PURPOSE)

    sealed = submit_form(request, form, made)
    if sealed is not None:
        secret, form = unseal(sealed, purpose=PURPOSE), KeyForm(user=mine)
    shown = {
        "form": form,
        "secret": secret,
        "key": uuid.uuid4().hex,
        "keys": mine.api_keys.filter(revoked_at=None).order_by("-pk"),
    }
    return render(request, "tenant/people/keys.html", shown)


@require_POST
@require_permission("keys.revoke", held=True)
def revoke_key(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Revoke one of one's keys."""
    machine_keys.revoke(
        key=get_object_or_404(ApiKey, pk=pk, user=current_user(request)), by=current_user(request)
    )
    messages.success(request, _("The key is revoked."))
    return HttpResponseSeeOther(reverse("keys-page"))
