"""Support's two doors on a tenant's host: in with a token, out at any time."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from public_apps.accounts.models import User
from public_apps.core.schema_context import in_public
from staff.impersonation import gate, start


# The form comes from the admin's host: the token, which nobody else has, is what vouches for it.
@csrf_exempt
@sensitive_post_parameters("token")
@never_cache
@require_POST
def enter_page(request: HttpRequest) -> HttpResponse:
    """Spend a hand-over token and begin to work in the person's name."""
    with in_public():
        begun = start.redeem(
            token=request.POST.get("token", ""),
            tenant=request.tenant,  # type: ignore[attr-defined]  # tenants' hosts only
        )
    if begun is None:
        return render(request, "support/spent.html", status=HTTPStatus.GONE)
    try:
        gate.sign_in(request, impersonation=begun)
    except User.DoesNotExist:
        return render(request, "support/spent.html", status=HTTPStatus.GONE)
    return HttpResponseRedirect("/")


@never_cache
@require_POST
def leave_page(request: HttpRequest) -> HttpResponse:
    """End the impersonation before its time."""
    held = gate.impersonation_of(request)
    if held is not None:
        with in_public():
            start.end(impersonation=held, by=held.staff.email)
        request.session.flush()
    return render(request, "support/over.html")
