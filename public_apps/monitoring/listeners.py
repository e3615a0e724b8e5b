"""What is counted because core, or Django, tells of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from public_apps.core import schema_context
from public_apps.core.signals import mail_attempted, request_answered, worker_started
from public_apps.monitoring import background_tasks, counters

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@receiver(request_answered)
def count_request(
    request: HttpRequest, response: HttpResponseBase, seconds: float, **_sent: Any
) -> None:
    """Count a request by its route's name, never by what somebody typed."""
    match = request.resolver_match
    route = (match.view_name or match.route) if match else "unmatched"
    method = request.method if request.method in METHODS else "other"
    counters.REQUESTS.add(route, str(method), str(response.status_code))
    counters.REQUEST_TIME.observe(seconds, route)


@receiver(mail_attempted)
def count_mail(kind: str, outcome: str, **_sent: Any) -> None:
    """Count an attempt at a mail by what became of it."""
    counters.MAILS.add(kind, outcome)


@receiver(user_login_failed)
def count_refused_sign_in(**_sent: Any) -> None:
    """Count a refusal by where it happened, never by whom: many are somebody trying passwords."""
    counters.SIGN_IN_FAILURES.add("public" if schema_context.is_public() else "tenant")


@receiver(worker_started)
def start_background_tasks(**_sent: Any) -> None:
    """Begin what goes on beside a worker's jobs."""
    background_tasks.start(web=False)
