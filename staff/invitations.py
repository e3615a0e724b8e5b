"""How a colleague comes to a password: by a one-time link in a mail, as owners do."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from allauth.account.forms import ResetPasswordKeyForm
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminPasswordWidget

from public_apps.accounts import password_links
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from staff import notices
from staff.notices import Occasion
from staff.site import site

KIND = "staff_invitation"


def enqueue(colleague: User) -> OutgoingMail:
    """Promise a colleague a mail with a link to choose a password; each asking is one of its own."""
    key = f"{colleague.pk}:{uuid.uuid4().hex}"
    return mail.enqueue(kind=KIND, key=key, to=colleague.email, language=colleague.language)


@mail.composes(KIND)
def compose(outgoing: OutgoingMail) -> Content | None:
    """Make the mail, with a key made at this moment; None for somebody who was let go meanwhile."""
    person_id = outgoing.key.partition(":")[0]
    colleague = User.objects.filter(pk=person_id, is_active=True, is_staff=True).first()
    if colleague is None:
        return None
    path = reverse(
        "admin:choose-password",
        urlconf="config.urls_public",
        kwargs={"key": password_links.new_key(colleague)},
    )
    return Content(
        template="staff_invitation",
        context={
            "first_name": colleague.get_short_name(),
            "choose_url": f"{settings.SITE_URL}{path}",
            "expires_on": password_links.expires_at(),
        },
    )


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_password_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form for a valid key on GET, and spend the key on POST."""
    if request.method == "POST":
        limited: HttpResponse | None = ratelimit.consume_or_429(
            request, action="reset_password_from_key"
        )
        return limited or _redeem(request, key)
    colleague = password_links.user_of(key)
    return _page(request, ResetPasswordKeyForm(user=colleague), valid=colleague is not None)


@transaction.atomic
def _redeem(request: HttpRequest, key: str) -> HttpResponse:
    colleague = password_links.user_of(key, lock=True)
    form = ResetPasswordKeyForm(request.POST, user=colleague, temp_key=key)
    if colleague is None or not form.is_valid():
        return _page(request, form, valid=colleague is not None)
    had_one = colleague.has_usable_password()
    form.save()
    if had_one:
        notices.enqueue(Occasion.PASSWORD, colleague=colleague, by=None)
    messages.success(request, _("Your password is set. Please sign in."))
    return redirect("admin:login")


def _page(request: HttpRequest, form: ResetPasswordKeyForm, *, valid: bool) -> HttpResponse:
    for field in form.fields.values():
        field.widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    page = {
        **site.each_context(request),
        "title": _("Choose your password"),
        "form": form,
        "valid": valid,
    }
    status = HTTPStatus.OK if valid else HTTPStatus.GONE
    return render(request, "admin/choose_password.html", page, status=status)


site.pages.append(
    path("choose-password/<credential:key>/", choose_password_page, name="choose-password")
)
