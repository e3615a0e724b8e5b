"""Bodies for a plain resource, from what its serializer takes: nobody writes by hand what follows.

Plain is what is made by POST of texts, numbers, choices, dates and rows of other resources. What is
more than that gets its bodies in operations.py and its rows in sample_workspace.py, by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from django.core.validators import RegexValidator
from django.urls import get_resolver
from rest_framework import serializers

from public_apps.accounts import viewsets
from public_apps.accounts.viewsets import WorkspaceViewSet

# Returns the id of a resource's row that a body may name; None if there is none.
RowOf = Callable[[str], Any]
BODIES = "tests/tenant_api/operations.py"


class NotDerivable(Exception):
    """A sentence about what must be written by hand, and where."""


def resources() -> dict[str, type[WorkspaceViewSet]]:
    """Return every resource's viewset by its name."""
    assert get_resolver("config.urls_tenant").url_patterns, "loads them"
    return viewsets.resources


def plain() -> Iterator[tuple[str, type[WorkspaceViewSet]]]:
    """Yield the resources of tenant apps whose rows are made by a POST and looked at by their id."""
    for name, viewset in sorted(resources().items()):
        is_ours = viewset.__module__.startswith("tenant_apps.") and viewset.is_served_by_name
        if is_ours and hasattr(viewset, "create") and hasattr(viewset, "retrieve"):
            yield name, viewset


def model_of(viewset: type[WorkspaceViewSet]) -> Any:
    """Return the model whose rows a viewset shows; raises `NotDerivable`."""
    if viewset.queryset is None:
        raise NotDerivable(f"{viewset.resource}: add `queryset` to {viewset.__name__}: whose rows?")
    return viewset.queryset.model


def body(operation: str, resource: str, *, mark: str, number: int, row_of: RowOf) -> dict[str, Any]:
    """Return a body for an operation of the document; raises `NotDerivable`.

    Texts bear the mark, and the number where two must not be equal.
    """
    viewset = resources().get(resource)
    if viewset is None or operation not in {f"{resource}_create", f"{resource}_partial_update"}:
        raise NotDerivable(f"{resource}: no body to send for `{operation}`; add one to {BODIES}.")
    fields = [*_values(resource, viewset, mark=mark, number=number, row_of=row_of)]
    if operation.endswith("_create"):
        return dict(fields)
    texts = [(name, value) for name, value in fields if isinstance(value, str) and mark in value]
    return dict((texts or fields)[:1])


def _values(
    resource: str, viewset: type[WorkspaceViewSet], *, mark: str, number: int, row_of: RowOf
) -> Iterator[tuple[str, Any]]:
    if viewset.get_input_serializer is not WorkspaceViewSet.get_input_serializer:
        raise NotDerivable(f"{resource}: it says itself what it takes; add its bodies to {BODIES}.")
    serializer = cast("type[serializers.Serializer[Any]]", viewset.serializer_class)
    for name, field in serializer().fields.items():
        if field.read_only:
            continue
        value = _value(field, mark=mark, number=number, row_of=row_of)
        if value is not None:
            yield name, value
        elif field.required:
            kind = type(field).__name__
            raise NotDerivable(
                f"{resource}: no value follows from `{name}`, a {kind}; add its bodies to {BODIES}."
            )


def _value(field: Any, *, mark: str, number: int, row_of: RowOf) -> Any:
    """Return a value that a field takes; None if nothing follows from its kind."""
    if isinstance(field, serializers.PrimaryKeyRelatedField):
        return _row(field, row_of)
    if any(isinstance(rule, RegexValidator) for rule in field.validators):
        return None
    fitting = (value for kind, value in _VALUES.items() if isinstance(field, kind))
    return next(fitting, _nothing)(field, mark, number)


def _nothing(field: Any, mark: str, number: int) -> None:
    """What is governed by a rule of its own is not guessed."""


# By kind of field; the first that fits counts.
_VALUES: dict[type[serializers.Field[Any, Any, Any, Any]], Callable[[Any, str, int], Any]] = {
    serializers.EmailField: lambda field, mark, number: (
        f"{field.field_name}-{number}@{mark}.example"
    ),
    serializers.MultipleChoiceField: _nothing,
    serializers.CharField: lambda field, mark, number: f"{mark} {number} {field.field_name}"[
        : field.max_length
    ],
    serializers.ChoiceField: lambda field, *_marks: next(
        (each for each in field.choices if each), None
    ),
    serializers.BooleanField: lambda *_marks: True,
    serializers.IntegerField: lambda field, *_marks: max(field.min_value or 1, 1),
    serializers.DateTimeField: lambda *_marks: "2026-01-15T09:00:00Z",
    serializers.DateField: lambda *_marks: "2026-01-15",
}


def _row(field: Any, row_of: RowOf) -> Any:
    for name, viewset in sorted(resources().items()):
        if viewset.queryset is not None and viewset.queryset.model == field.queryset.model:
            return row_of(name)
    return None
