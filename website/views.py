"""The public pages: prices and sign-up, and the way from payment to workspace."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from billing import checkout, plans, signup_changes
from billing.checkout_sessions import AlreadyPaid
from billing.throttles import one_order, one_purchase
from public_apps.accounts.view_decorators import HttpResponseSeeOther
from public_apps.core import error_responses
from public_apps.core.errors import Closed, Problem, TooManyRequests
from public_apps.onboarding import progress, welcome
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains
from website.forms import SignupForm

TOO_MANY = _("Too many tries from your network. Please wait a little.")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """Show plans and the sign-up form; a good form leads on to the checkout page."""
    offered = plans.offered()
    if request.method != "POST":
        return _begin(request, offered)
    form = SignupForm(request.POST, plans=offered)
    if not form.is_valid():
        return _home_page(request, form, offered, status=HTTPStatus.BAD_REQUEST)
    return _start(request, form, offered)


def _begin(request: HttpRequest, offered: list[dict[str, Any]]) -> HttpResponse:
    """Show the form: empty, or as a buyer left it who comes back from the payment page."""
    left = _left(request.GET.get("signup", ""))
    if left is not None and left.paid_at and left.checkout_session_id:
        return redirect("website:welcome", left.checkout_session_id)
    form = SignupForm(plans=offered, initial=_initial(request, offered, left))
    given_up = request.GET.get("given-up") == "yes"
    return _home_page(request, form, offered, left=left, given_up=given_up)


def _start(request: HttpRequest, form: SignupForm, offered: list[dict[str, Any]]) -> HttpResponse:
    try:
        one_order(request)
        with one_purchase(request):
            signup = _order(form)
    except AlreadyPaid as paid:
        return HttpResponseSeeOther(reverse("website:welcome", args=[paid.session_id]))
    except TooManyRequests as refusal:
        form.add_error(None, TOO_MANY)
        page = _home_page(request, form, offered, status=refusal.status)
        return error_responses.with_headers(page, refusal)
    except Problem as problem:
        for field, messages in problem.errors.items() or [(None, [problem.detail])]:
            form.add_error(field if field in form.fields else None, messages)
        closed = isinstance(problem, Closed)
        return _home_page(request, form, offered, status=problem.status, lead_kept=closed)
    return HttpResponseSeeOther(signup.checkout_url)


def _order(form: SignupForm) -> Signup:
    """Change the sign-up that the form was filled with, if it can be, or start one."""
    language = get_language() or "en"
    left = _left(form.cleaned_data["signup"])
    if left is not None and (left.paid_at or signup_changes.is_changeable(left)):
        changes = {**form.order, "frontend_url": ""}
        return signup_changes.change(signup_id=left.pk, changes=changes, language=language)
    order = checkout.Order(**form.order)
    # A browser that goes back brings the form as it was sent, and its key: changed, it is another.
    key = form.cleaned_data["idempotency_key"]
    return checkout.start(
        order=order,
        language=language,
        idempotency_key=f"{key}-{order.fingerprint}" if key else None,
    )


def _home_page(
    request: HttpRequest,
    form: SignupForm,
    offered: list[dict[str, Any]],
    *,
    status: int = HTTPStatus.OK,
    lead_kept: bool = False,
    left: Signup | None = None,
    given_up: bool = False,
) -> HttpResponse:
    page = {
        "plans": offered,
        "form": form,
        "base_domain": domains.display_base(),
        "mode": settings.STRIPE.mode,
        "left": signup_changes.summary_of(left) if left else None,
        "given_up": given_up,
        "lead_kept": lead_kept,
    }
    return render(request, "website/home.html", page, status=status)


def _initial(
    request: HttpRequest, offered: list[dict[str, Any]], left: Signup | None
) -> dict[str, str]:
    if left is not None and signup_changes.is_changeable(left):
        return {
            **signup_changes.order_of(left).typed,
            "signup": str(left.pk),
            "idempotency_key": uuid.uuid4().hex,
        }
    codes = [plan["code"] for plan in offered]
    asked = request.GET.get("plan", "")
    return {
        "plan": asked if asked in codes else next(iter(codes), ""),
        "interval": "month",
        "idempotency_key": uuid.uuid4().hex,
    }


def _left(signup_id: str) -> Signup | None:
    """Return the sign-up that a buyer comes back to, if there is one of that id."""
    known = signup_changes.id_from(signup_id)
    return Signup.objects.filter(pk=known).first() if known else None


@require_POST
def give_up(request: HttpRequest, signup_id: uuid.UUID) -> HttpResponse:
    """Give up a sign-up that is not paid; say so, or why not."""
    try:
        one_order(request)
        signup_changes.give_up(signup_id=signup_id)
    except AlreadyPaid as paid:
        return HttpResponseSeeOther(reverse("website:welcome", args=[paid.session_id]))
    except Problem as problem:
        messages.error(request, problem.detail)
        return HttpResponseSeeOther(f"{reverse('website:home')}?signup={signup_id}#signup")
    return HttpResponseSeeOther(f"{reverse('website:home')}?given-up=yes#signup")


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
    welcome.enqueue_again(signup=signup)
    response = redirect("website:welcome", session_id)
    response["Location"] += "?sent=again"
    return response


def _signup(session_id: str) -> Signup:
    signup = progress.by_session(session_id)
    if signup is None:
        raise Http404
    return signup
