"""The access gate: a suspended workspace answers 402 to all but what settles the matter."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.permissions import SAFE_METHODS

from public_apps.accounts.view_decorators import has_permission
from public_apps.core.errors import json_problem, problem, wants_problem
from public_apps.tenants.models import Tenant

# Said of a suspended workspace, here and by `billing.words`.
HELD = gettext_lazy(
    "Our staff have paused this workspace. A payment doesn't open it: please write to us. "
    "All data is kept and safe."
)
INACTIVE = gettext_lazy("Its subscription is not active. All data is kept and safe.")
# What stays open: signing in and out, oneself, the subscription, files that pages need, and what
# takes no payment: one's own data, and asking for the workspace's end.
OPEN_WHEN_SUSPENDED = (
    "/_allauth/",
    "/accounts/",
    "/api/deletion/",
    "/api/exports/",
    "/api/me/",
    "/api/subscription/",
    "/api/invoices/",
    "/billing/",
    "/i18n/",
    "/logo/",
    "/settings/delete/",
    "/settings/export/",
    "/static/",
    "/support/",
)


class AccessMiddleware:
    """Refuses a suspended tenant's requests; its data stays as it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        tenant: Tenant | None = getattr(request, "tenant", None)
        if tenant is None or not tenant.suspended_at:
            return self.get_response(request)
        if request.path.startswith(OPEN_WHEN_SUSPENDED) or _is_support_looking(request):
            return self.get_response(request)
        return _refusal(request, tenant)


def _is_support_looking(request: HttpRequest) -> bool:
    """Whether our support reads in somebody's name: what is kept as it is, they don't change either."""
    return hasattr(request, "impersonation") and request.method in SAFE_METHODS


def _refusal(request: HttpRequest, tenant: Tenant) -> HttpResponseBase:
    held = tenant.held_at is not None
    if wants_problem(request):
        said = str(HELD) if held else _(
            "This workspace is suspended; its data is safe. Ask its owner to see to the payment."
        )  # fmt: skip
        answer = problem(HTTPStatus.PAYMENT_REQUIRED, said, slug="subscription-inactive")
        return json_problem(answer)
    page = {
        "is_owner": has_permission(request, "subscription.retrieve"),
        "is_held": held,
        "detail": HELD if held else INACTIVE,
    }
    return render(request, "tenant/suspended.html", page, status=HTTPStatus.PAYMENT_REQUIRED)
