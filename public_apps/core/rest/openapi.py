"""How each operation of the API describes itself: words, headers, refusals, required fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import inflection
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated

from public_apps.core.errors import PROBLEM_JSON
from public_apps.core.idempotency import PARAMETER as IDEMPOTENCY_KEY
from public_apps.core.problems import CATALOGUE
from public_apps.core.rest.deprecation import deprecation_of

IF_MATCH = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="The ETag that you have read; if the row has changed since, 412.",
)  # fmt: skip
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="An ETag that you have; if it is still the newest, 304 without a body.",
)  # fmt: skip
NOT_MODIFIED = {"description": "You have the newest."}
MONEY = "minor units of {currency}"
WORKSPACES = "the workspace's `currency`"
ADDRESSES = rf"/problems/({'|'.join(sorted(CATALOGUE))})$"
_SUMMARIES = {
    "list": "List {many}",
    "retrieve": "Read {one}",
    "create": "Create {one}",
    "partial_update": "Change {one}",
    "destroy": "Delete {one}",
}
_WORDS = {"work": ("a piece of work", "work"), "keys": ("an API key", "API keys")}
PROBLEM_CODES = [(kind.slug, kind.title) for kind in CATALOGUE.values()]
Bodies = dict[str, dict[str, Any]]


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457: why a request was refused."""

    type = serializers.RegexField(ADDRESSES, help_text="a page that explains it")
    code = serializers.ChoiceField(
        choices=PROBLEM_CODES,
        help_text="what `type` ends in, for programs",
    )
    title = serializers.CharField(help_text="what kind of refusal it is, in the reader's language")
    status = serializers.IntegerField(help_text="the HTTP status again")
    detail = serializers.CharField(help_text="what to do, in the reader's language")
    errors = serializers.DictField(  # type: ignore[assignment]  # a field of that name
        child=serializers.ListField(child=serializers.CharField()), required=False,
        help_text="messages by field, in the reader's language",
    )  # fmt: skip
    codes = serializers.DictField(
        child=serializers.ListField(child=serializers.RegexField(r"^[a-z][a-z0-9_-]*$")),
        required=False, help_text="a reason for each message of `errors`, for programs",
    )  # fmt: skip


class Schema(AutoSchema):
    """drf-spectacular's description, with our problems, headers and what is always sent."""

    # --- Words --------------------------------------------------------------------------------

    def get_summary(self) -> str:
        """Return a line that names the operation among others."""
        action = getattr(self.view, "action", "")
        if action in _SUMMARIES and self._is_of_rows():
            one, many = self._words()
            return _SUMMARIES[action].format(one=one, many=many)
        first: str = re.split(r"[.;:](?:\s|$)", self.get_description() or "", maxsplit=1)[0]
        return first

    def _is_of_rows(self) -> bool:
        return self._is_resource() and ("{" in self.path or self._is_list_of_rows())

    def _is_list_of_rows(self) -> bool:
        view: Any = self.view
        return hasattr(view, "list") and view.action in {"list", "create"}

    def _words(self) -> tuple[str, str]:
        word: str = self.view.resource  # type: ignore[attr-defined]  # what Resource declares
        if word in _WORDS:
            return _WORDS[word]
        one = inflection.singularize(word)
        return f"{'an' if one[0] in 'aeiou' else 'a'} {one}", word

    def is_deprecated(self) -> bool:
        """Whether it is declared to go away."""
        declared: bool = super().is_deprecated()
        return declared or deprecation_of(self.view, str(self.method)) is not None

    # --- What is sent along -------------------------------------------------------------------

    def get_override_parameters(self) -> list[Any]:
        """Add the headers that reads and writes of a resource take."""
        if not self._is_resource():
            return []
        if self.method == "GET":
            return [IF_NONE_MATCH] if self._is_row() else []
        versioned = [IF_MATCH] if self._checks_version() else []
        return [IDEMPOTENCY_KEY, *versioned] if self.method == "POST" else versioned

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema: Any = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if not schema:
            return schema
        properties = schema.get("properties", {})
        _tell_currency(serializer, properties)
        if direction == "request":
            _leave_defaults_to_words(properties)
        elif properties:
            schema["required"] = sorted(set(properties) - _left_out(serializer))
        return schema

    def _get_filter_parameters(self) -> list[Any]:
        """Describe filters and orders of what is read alone."""
        if self.method != "GET":
            return []
        found: list[Any] = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        return found

    # --- What is answered ---------------------------------------------------------------------

    def _get_response_bodies(self, direction: Any = "response") -> Bodies:
        bodies: Bodies = super()._get_response_bodies(direction)
        if direction == "response":
            for status in self._refusals():
                bodies.setdefault(str(status.value), self._problem())
            self._add_not_modified(bodies)
        for status_code, body in bodies.items():
            if status_code >= "4" and "application/json" in body.get("content", {}):
                body["content"][PROBLEM_JSON] = body["content"].pop("application/json")
            body.setdefault("headers", {}).update(self._headers(status_code))
        return {code: bodies[code] for code in sorted(bodies)}

    def _add_not_modified(self, bodies: Bodies) -> None:
        if self._is_row():
            bodies["304"] = dict(NOT_MODIFIED)

    def _headers(self, status_code: str) -> dict[str, Any]:
        names = ["X-Request-ID"]
        if status_code == "201" or (status_code in {"200", "304"} and self._has_etag()):
            names.append("ETag")
        if status_code == "201":
            names.append("Location")
        if status_code.startswith("2") and self._takes_key():
            names.append("Idempotent-Replayed")
        if status_code.startswith("2") and self.view.throttle_classes:
            names += ["RateLimit", "RateLimit-Policy"]
        return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

    def _problem(self) -> dict[str, Any]:
        described: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            ProblemSerializer, "default", media_types=[PROBLEM_JSON]
        )
        return described

    def _refusals(self) -> Iterator[HTTPStatus]:
        yield HTTPStatus.NOT_ACCEPTABLE
        if self.method in {"POST", "PATCH"}:
            yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        if self.view.throttle_classes:
            yield HTTPStatus.TOO_MANY_REQUESTS
        if self._takes_a_person():
            yield from self._refusals_of_people()

    def _refusals_of_people(self) -> Iterator[HTTPStatus]:
        yield from (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.PAYMENT_REQUIRED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.NOT_FOUND,
        )
        if self.method != "GET":
            yield HTTPStatus.CONFLICT
            if self._checks_version():
                yield HTTPStatus.PRECONDITION_FAILED
        if self.method == "POST":
            yield HTTPStatus.UNPROCESSABLE_ENTITY

    # --- What kind of operation it is ---------------------------------------------------------

    def _is_resource(self) -> bool:
        return hasattr(self.view, "resource")

    def _is_row(self) -> bool:
        """Whether it reads one row, which is answered with its ETag."""
        action = getattr(self.view, "action", "")
        return self.method == "GET" and self._is_resource() and action == "retrieve"

    def _has_etag(self) -> bool:
        return self._is_row() or (self.method == "PATCH" and self._is_resource())

    def _takes_key(self) -> bool:
        parameters = self._process_override_parameters()  # type: ignore[no-untyped-call]
        return (IDEMPOTENCY_KEY.name, "header") in parameters

    def _takes_a_person(self) -> bool:
        return IsAuthenticated in self.view.permission_classes

    def _checks_version(self) -> bool:
        """Whether `If-Match` means something: rows with a version, and an action that looks at it."""
        view: Any = self.view
        if self.method == "GET" or "{" not in self.path or not view.checks_version:
            return False
        return hasattr(view.get_queryset().model, "etag")


def _tell_currency(serializer: Any, properties: dict[str, Any]) -> None:
    """Say of each amount that `Meta.money` names which field names its currency."""
    names = getattr(getattr(serializer, "Meta", None), "money", ())
    elsewhere = getattr(getattr(serializer, "Meta", None), "currency", WORKSPACES)
    told = MONEY.format(currency="`currency`" if "currency" in properties else elsewhere)
    for name in names:
        if name in properties:
            # Models tell people of cents; here the currency says what its minor units are.
            said = re.sub(r"^(in )?cents\W*", "", properties[name].get("description", ""))
            properties[name]["description"] = f"{told}; {said}" if said else told


def _leave_defaults_to_words(properties: dict[str, Any]) -> None:
    """Tell defaults in words: generators of clients take a field with `default` for a required one."""
    for schema in properties.values():
        if "default" in schema:
            default = schema.pop("default")
            told = "default: " + {True: "true", False: "false", None: "null"}.get(
                default, repr(default) if default != "" else "empty"
            )
            said = schema.get("description", "")
            schema["description"] = f"{said}; {told}" if said else told


def _left_out(serializer: Any) -> set[str]:
    """Return the fields that an answer may lack: those that are said to be, and have no default."""
    if isinstance(serializer, serializers.ModelSerializer):
        return set()
    return {
        name
        for name, field in serializer.fields.items()
        if not field.required and not field.read_only and field.default is serializers.empty
    }
