"""The public pages: prices and sign-up, and the way from payment to workspace."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from billing import checkout, plans
from billing.throttles import one_order, one_purchase
from public_apps.core import refusals
from public_apps.core.errors import Closed, Problem, TooManyRequests
from public_apps.onboarding import progress, welcome
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains
from public_apps.website.forms import SignupForm

TOO_MANY = _("Too many tries from your network. Please wait a little.")


class SeeOther(HttpResponseRedirect):
    """A redirect that is always followed by GET."""

    status_code = HTTPStatus.SEE_OTHER


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Show plans and the sign-up form; a good form leads on to the checkout page."""
    offered = plans.offered()
    if request.method != "POST":
        form = SignupForm(plans=offered, initial=_initial(request, offered))
        return _home_page(request, form, offered)
    form = SignupForm(request.POST, plans=offered)
    if not form.is_valid():
        return _home_page(request, form, offered, status=HTTPStatus.BAD_REQUEST)
    return _start(request, form, offered)


def _start(request: HttpRequest, form: SignupForm, offered: list[dict[str, Any]]) -> HttpResponse:
    try:
        one_order(request)
        with one_purchase(request):
            signup = checkout.start(
                order=checkout.Order(**form.order),
                language=get_language() or "en",
                idempotency_key=form.cleaned_data["idempotency_key"] or None,
            )
    except TooManyRequests as refusal:
        form.add_error(None, TOO_MANY)
        page = _home_page(request, form, offered, status=refusal.status)
        return refusals.with_headers(page, refusal)
    except Problem as problem:
        for field, messages in problem.errors.items() or [(None, [problem.detail])]:
            form.add_error(field if field in form.fields else None, messages)
        closed = isinstance(problem, Closed)
        return _home_page(request, form, offered, status=problem.status, lead_kept=closed)
    return SeeOther(signup.checkout_url)


def _home_page(
    request: HttpRequest,
    form: SignupForm,
    offered: list[dict[str, Any]],
    *,
    status: int = HTTPStatus.OK,
    lead_kept: bool = False,
) -> HttpResponse:
    page = {
        "plans": offered,
        "form": form,
        "base_domain": domains.shown_base(),
        "mode": settings.STRIPE.mode,
        "open_checkout": _open_checkout(request),
        "lead_kept": lead_kept,
    }
    return render(request, "website/home.html", page, status=status)


def _initial(request: HttpRequest, offered: list[dict[str, Any]]) -> dict[str, str]:
    codes = [plan["code"] for plan in offered]
    asked = request.GET.get("plan", "")
    return {
        "plan": asked if asked in codes else next(iter(codes), ""),
        "interval": "month",
        "idempotency_key": uuid.uuid4().hex,
    }


def _open_checkout(request: HttpRequest) -> dict[str, str] | None:
    """Return the checkout that a buyer came back from without paying: its name is still held."""
    try:
        signup_id = uuid.UUID(request.GET.get("signup", ""))
    except ValueError:
        return None
    signup = Signup.objects.filter(
        pk=signup_id, paid_at__isnull=True, released_at__isnull=True
    ).first()
    if signup is None or not signup.checkout_url:
        return None
    return {"checkout_url": signup.checkout_url, "organization": signup.organization}


@never_cache
@require_http_methods(["GET", "HEAD"])
def welcome_page(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show how far the workspace is."""
    signup = _signup(session_id)
    page = {
        "session_id": session_id,
        "progress": progress.of(signup),
        "resent": request.GET.get("sent") == "again",
    }
    return render(request, "website/welcome.html", page)


@require_POST
def resend_welcome(request: HttpRequest, session_id: str) -> HttpResponse:
    """Send the welcome mail again, if not too often; the answer is the same either way."""
    signup = _signup(session_id)
    if signup.ready_at:
        welcome.send_again(signup=signup)
    response = redirect("website:welcome", session_id)
    response["Location"] += "?sent=again"
    return response


def _signup(session_id: str) -> Signup:
    signup = progress.by_session(session_id)
    if signup is None:
        raise Http404
    return signup
