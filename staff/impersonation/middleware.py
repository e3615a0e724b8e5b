"""Where a request of our staff in somebody's name is let pass, told of, or refused."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from public_apps.audit import audit
from public_apps.core.errors import json_problem, problem, wants_problem
from public_apps.core.schema_context import in_public
from staff.impersonation import gate, permitted_requests, start


class ImpersonationMiddleware:
    """Stands before the access gate: a suspended workspace is where support is needed most."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if getattr(request, "tenant", None) is None:
            return self.get_response(request)
        # Whoever is named within, by cookie here or by token further down, is forgotten after.
        with audit.of_one_request():
            return self._serve(request)

    def _serve(self, request: HttpRequest) -> HttpResponseBase:
        mark = gate.mark_of(request)
        if mark is not None:
            try:
                gate.admit(request, mark)
            except gate.Over:
                request.session.flush()
                return _refusal(request, HTTPStatus.UNAUTHORIZED, "support/over.html")
            except PermissionDenied:
                return _refusal(request, HTTPStatus.FORBIDDEN, "support/refused.html")
        response = self.get_response(request)
        _tell(request, response)
        return response


def _tell(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let the tenant's log tell of each change, whether or not whoever made it does so, too."""
    held = gate.impersonation_of(request)
    if held is None:
        return
    if permitted_requests.is_sign_out(request):
        with in_public():
            start.end(impersonation=held, by=held.staff.email)
    elif permitted_requests.is_write(request) and response.status_code < HTTPStatus.BAD_REQUEST:
        detail = {"method": request.method, "path": request.path}
        audit.record(actor=held.person, action="impersonation.request", detail=detail)


def _refusal(request: HttpRequest, status: HTTPStatus, page: str) -> HttpResponseBase:
    if wants_problem(request):
        return json_problem(problem(status, "", slug="impersonation"))
    return render(request, page, {"host": request.get_host()}, status=status)
