"""/healthz, /readyz and /metrics: answered before anything that could fail, on every host."""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from threading import Lock

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from public_apps.core.jobs import SILENT_AFTER_SECONDS
from public_apps.monitoring import prometheus

# A release stops the only worker and starts the next one.
REPLACED_WITHIN_SECONDS = 120.0
Check = Callable[[], bool]
# So long an answer of /readyz holds in a process: whoever asks more often asks the database no more.
FRESH_SECONDS = 1.0
_checks: dict[str, Check] = {}
_one_at_a_time = Lock()
_seen: tuple[float, dict[str, bool]] = (0.0, {})


def register(name: str, check: Check) -> None:
    """Add a part that must be well for this process to be ready."""
    _checks[name] = check


class HealthMiddleware:
    """Answers whatever the Host: platforms probe, and Prometheus asks, under names of their own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz" and request.method in {"GET", "HEAD"}:
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz" and request.method in {"GET", "HEAD"}:
            return ready()
        if request.path == "/metrics" and request.method in {"GET", "HEAD"}:
            return prometheus.answer(request)
        return self.get_response(request)


def ready() -> JsonResponse:
    """Name each part as ok or failing; 503 if any fails. It is looked at once a second."""
    parts = _looked_at()
    failing = [name for name, passed in parts.items() if not passed]
    return JsonResponse(
        {
            "status": "unavailable" if failing else "ok",
            "failing": failing,
            "parts": {name: "ok" if passed else "failing" for name, passed in parts.items()},
        },
        status=HTTPStatus.SERVICE_UNAVAILABLE if failing else HTTPStatus.OK,
    )


def _looked_at() -> dict[str, bool]:
    """Return how the parts are; while one thread looks, the others tell what was seen before."""
    global _seen  # noqa: PLW0603 - what this process has seen last
    if time.monotonic() > _seen[0] and _one_at_a_time.acquire(blocking=not _seen[1]):
        try:
            parts = {name: _passes(check) for name, check in _checks.items()}
            _seen = (time.monotonic() + FRESH_SECONDS, parts)
        finally:
            _one_at_a_time.release()
    return _seen[1]


def _passes(check: Check) -> bool:
    try:
        return check()
    except DatabaseError:
        connection.close()
        return False


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


class _Migrations:
    """Whether public is at this code's head; once true, it stays true for this process."""

    def __init__(self) -> None:
        self.seen = False

    def __call__(self) -> bool:
        if not self.seen:
            executor = MigrationExecutor(connection)
            self.seen = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return self.seen


# One that was told to stop takes its row along, and jobs by the clock end every few seconds while
# one is at work: so a deploy is told from a worker that was killed, whose row grows old.
_AT_WORK = """
    SELECT EXISTS (SELECT 1 FROM procrastinate_workers
            WHERE last_heartbeat > now() - make_interval(secs => %s))
        OR (NOT EXISTS (SELECT 1 FROM procrastinate_workers)
            AND EXISTS (SELECT 1 FROM public.core_periodicrun
                WHERE ended_at > now() - make_interval(secs => %s)))
"""


def _worker() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_AT_WORK, [SILENT_AFTER_SECONDS, REPLACED_WITHIN_SECONDS])
        (alive,) = cursor.fetchone()
    return bool(alive)


register("database", _database)
register("migrations", _Migrations())
register("worker", _worker)
