"""Structured logs: JSON lines in production, readable ones in development, secrets never."""

from __future__ import annotations

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# Whatever looks like a credential, wherever it stands in a message or a field.
SECRET = re.compile(
    r"\b(?:sk|rk|pk)_(?:test|live)_[A-Za-z0-9]+|\bwhsec_[A-Za-z0-9+/=_-]+"
    r"|(?<=/accounts/set-password/)[^/\s\"']+|(?i:bearer\s+)[A-Za-z0-9._-]+"
)
SECRET_FIELDS = frozenset({"password", "token", "secret", "authorization", "cookie", "key"})


def scrub(value: object) -> object:
    """Return `value` with anything that looks like a credential replaced, at any depth."""
    if isinstance(value, str):
        return SECRET.sub("[secret]", value)
    if isinstance(value, dict):
        return {
            name: "[secret]" if str(name).lower() in SECRET_FIELDS else scrub(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [scrub(inner) for inner in value]
    return value


def _scrub_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = "[secret]" if name.lower() in SECRET_FIELDS else scrub(value)
    return event


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
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


def start_sentry(dsn: str) -> None:
    """Report errors to Sentry when a DSN is set, without personal data."""
    if not dsn:
        return
    import sentry_sdk

    sentry_sdk.init(dsn=dsn, send_default_pii=False, before_send=lambda event, _hint: scrub(event))  # type: ignore[arg-type, return-value]  # scrub keeps the event's shape
