"""What will go away says so itself, by the headers of RFC 9745 and RFC 8594 (docs/api.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import wraps
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.http import http_date

Handler = Callable[..., Any]
MARK = "deprecation"


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """Since when not to use something any more, from when on it may be gone, and what to read."""

    since: date
    sunset: date
    link: str = ""

    def tell(self, response: HttpResponseBase) -> None:
        """Say so in a response's headers."""
        response["Deprecation"] = f"@{_seconds(self.since)}"
        response["Sunset"] = http_date(_seconds(self.sunset))
        if self.link:
            response["Link"] = f'<{self.link}>; rel="deprecation"'


def deprecated(deprecation: Deprecation) -> Callable[[Handler], Handler]:
    """Let a view's handler say in each answer, and in the documents, that it will go away."""

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def handled(*args: Any, **kwargs: Any) -> Any:
            response = handler(*args, **kwargs)
            deprecation.tell(response)
            return response

        setattr(handled, MARK, deprecation)
        return handled

    return decorate


def deprecation_of(view: Any, method: str) -> Deprecation | None:
    """Return what a view says of the handler of a method, if it is to go away."""
    name = getattr(view, "action", None) or method.lower()
    found: Deprecation | None = getattr(getattr(view, name, None), MARK, None)
    return found


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
