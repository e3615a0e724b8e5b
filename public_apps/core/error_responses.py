"""Refusals from outside of the API's views, in the format of whoever asks.

Programs at /api/ get problem+json. Those at /_allauth/ get the same document with what allauth's own
clients look for in it: `errors` as a list. People get a page.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from public_apps.core.errors import Problem, json_problem, wants_problem

SIGN_IN = "/_allauth/"
Response = TypeVar("Response", bound=HttpResponseBase)


def answer(request: HttpRequest, refusal: Problem) -> HttpResponse:
    """Answer with a refusal."""
    return with_headers(_answer(request, refusal), refusal)


def with_headers(response: Response, refusal: Problem) -> Response:
    """Return the response with what the refusal says in headers, such as when to try again."""
    for name, value in refusal.headers.items():
        response[name] = value
    return response


def is_program(request: HttpRequest) -> bool:
    """Whether who asks reads documents rather than pages."""
    return wants_problem(request) or request.path.startswith(SIGN_IN)


def in_format_of(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    """Answer a program with a problem document, at /_allauth/ with what allauth's clients look for."""
    if wants_problem(request):
        return json_problem(document)
    code = document["code"].replace("-", "_")
    by_field = [
        {"message": message, "code": code, "param": name}
        for name, messages in document.get("errors", {}).items()
        for message in messages
    ]
    whole = [{"message": document["detail"], "code": code}]
    return json_problem({**document, "errors": by_field or whole})


def _answer(request: HttpRequest, refusal: Problem) -> HttpResponse:
    if is_program(request):
        return in_format_of(request, refusal.body())
    # Without the request: so far out, nobody has found out yet who asks.
    page = render_to_string("refused.html", {"refusal": refusal})
    return HttpResponse(page, status=refusal.status)
