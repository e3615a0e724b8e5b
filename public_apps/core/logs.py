"""Structured logs: JSON lines in production, readable ones in development, secrets never."""

from __future__ import annotations

import logging.config
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, empty

from public_apps.core.scrubbing import scrub, scrubbed_fields

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


@contextmanager
def about(request: HttpRequest) -> Iterator[None]:
    """Let every line of this block tell who asks, from when that is known."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def person() -> str | None:
    """Return the id of whoever asks, if somebody has found that out already; looks nothing up."""
    request = _request.get()
    if request is None:
        return None
    user = request.__dict__.get("_cached_user") or request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject) and user.__dict__.get("_wrapped") is empty:
        return None
    pk = getattr(user, "pk", None)
    return None if pk is None else str(pk)


def _add_person(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if found := person():
        event.setdefault("user", found)
    return event


def _scrub_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    # The guide's own lines name the customer: staff search for them.
    line = event.get("event")
    is_guides = isinstance(line, str) and line.startswith("[WEBHOOK] ")
    clean = scrubbed_fields(event, addresses=True)
    if is_guides:
        clean["event"] = scrub(line)
    return clean


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    _add_person,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    _scrub_event,
]


def configuration(*, json: bool) -> dict[str, Any]:
    """Return the logging configuration, for `apply`."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                ],
            }
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "structured"},
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            # Of its own it writes requests that broke it, address and all, as they came.
            "gunicorn.error": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # RequestLog has a line for every answer; only what broke needs another.
            "django.request": {"level": "ERROR"},
            # One line a job at INFO would drown the rest: our tasks log what they did.
            "procrastinate": {"level": "WARNING"},
            "stripe": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
        },
    }


def apply(config: dict[str, Any]) -> None:
    """Set up logging and structlog; Django calls this with `settings.LOGGING`."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
