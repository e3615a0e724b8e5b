"""Errors reported to Sentry: tagged with tenant, request, event and job; no credentials, no people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import structlog

from public_apps.core import logs
from public_apps.core.scrubbing import scrub

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

TAGS = ("tenant", "request_id", "event_id", "event_type", "job_id", "task")
NO_FIELDS = frozenset({"event", "level", "logger", "timestamp", *TAGS})
# A traceback's line with the error's type; PostgreSQL's DETAIL and HINT lines follow it.
ERROR = re.compile(r"^([A-Za-z_][\w.]*+)(?::|$)", re.MULTILINE)
# What came with the request beyond its method and address is nobody's business but its sender's.
KEPT_OF_REQUEST = ("method", "url")


def start(dsn: str) -> None:
    """Report errors from now on; without a DSN nothing is reported."""
    if not dsn:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,  # a password may be one
        max_request_body_size="never",
        max_breadcrumbs=0,  # queries and log lines of before, which hold more than an error needs
        before_send=prepared,
    )


def prepared(event: Event, hint: Hint) -> Event:
    """Return the report as it may leave: tagged, and without what nobody outside should read."""
    report: dict[str, Any] = dict(event)
    if "request" in report:
        report["request"] = {
            name: report["request"][name] for name in KEPT_OF_REQUEST if name in report["request"]
        }
    _tell_line(report, getattr(hint.get("log_record"), "msg", None))
    clean: Any = {
        name: value if name in {"event_id", "timestamp", "sdk"} else scrub(value, addresses=True)
        for name, value in report.items()
    }
    clean["tags"] = {**clean.get("tags", {}), **_tags()}
    clean["user"] = {"id": person} if (person := logs.person()) else {}
    ready: Event = clean
    return ready


def _tags() -> dict[str, str]:
    bound = structlog.contextvars.get_contextvars()
    return {name: str(bound[name]) for name in TAGS if name in bound}


def _tell_line(report: dict[str, Any], line: object) -> None:
    """Give a line of structlog's, a dictionary until it is written, its own words and fields."""
    if not isinstance(line, dict):
        return
    fields = {str(name): value for name, value in line.items() if name not in NO_FIELDS}
    report["logentry"] = {"message": str(line.get("event", ""))}
    report["extra"] = fields
    named = ERROR.findall(str(fields.get("exception", "")))
    if kinds := [kind for kind in named if any(map(str.islower, kind.rpartition(".")[2]))]:
        # One group for each message and kind of error, not one for all that broke there.
        report["fingerprint"] = [report["logentry"]["message"], kinds[-1]]
