"""JSON bodies of the controls, read by name and type; what does not fit is said in words."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.wrappers import Request

from mock_stripe.errors import ApiError


class Body:
    """What a control was given."""

    def __init__(self, request: Request) -> None:
        self.query = request.args.to_dict()
        self._given = _object(request.get_data())

    def only(self, *names: str) -> None:
        """Refuse what is not named."""
        for name in self._given:
            if name not in names:
                known = ", ".join(names) or "nothing"
                raise ApiError(400, f"Unknown: {name}. Known: {known}", param=name)

    def given(self, *names: str) -> dict[str, Any]:
        """Return those of the named that were given."""
        return {name: self._given[name] for name in names if name in self._given}

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.optional_text(name)
        if value is None:
            raise ApiError(400, f"{name} is missing: a text is needed.", param=name)
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None."""
        value = self._given.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise ApiError(400, f"{name} must be a text; not {value!r}", param=name)
        return value

    def integer(self, name: str, usual: int, *, least: int, most: int) -> int:
        """Return a whole number within bounds; the usual one if none was given."""
        value = self._given.get(name)
        if value is None:
            return usual
        # In Python, True is an integer; here it is a mistake.
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ApiError(
                400, f"{name} must be a whole number from {least} to {most}; not {value!r}",
                param=name,
            )  # fmt: skip
        return value

    def boolean(self, name: str) -> bool:
        """Return true or false; false if it was not given."""
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise ApiError(400, f"{name} must be true or false; not {value!r}", param=name)
        return value

    def mapping(self, name: str) -> dict[str, Any] | None:
        """Return an object, or None."""
        value = self._given.get(name)
        if value is not None and not isinstance(value, dict):
            raise ApiError(400, f"{name} must be an object; not {value!r}", param=name)
        return value

    def drop(self) -> bool | int | list[str]:
        """Return which events to drop: all, none, so many of the next, or some types."""
        value = self._given.get("drop")
        if value is None:
            return False
        types = isinstance(value, list) and all(isinstance(name, str) for name in value)
        if isinstance(value, bool) or types or (isinstance(value, int) and value >= 0):
            dropped: bool | int | list[str] = value
            return dropped
        raise ApiError(
            400, f"drop must be true, false, a number of events or a list of types; not {value!r}",
            param="drop",
        )  # fmt: skip


def _object(data: bytes) -> dict[str, Any]:
    if not data.strip():
        return {}
    try:
        given = json.loads(data)
    except ValueError as error:
        raise ApiError(400, f"The body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise ApiError(400, "The body must be a JSON object.")
    return given
