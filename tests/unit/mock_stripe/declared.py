"""What Stripe's own library declares: its calls, what each takes and returns, and the fields of objects.

The library is generated from Stripe's description of its API at the pinned version, so whatever the
mock answers is held against the annotations of its classes, field by field and word by word.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

import stripe
import typing_extensions
from stripe._object_classes import OBJECT_CLASSES
from stripe._request_options import RequestOptions
from stripe._stripe_object import StripeObject, UntypedStripeObject

Document = dict[str, Any]
_LIBRARY = Path(stripe.__file__).parent
_NOTHING = type(None)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of an object, or a parameter of a call."""

    hint: Any
    always: bool


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A call as the library makes it."""

    params: Any
    answer: Any


# --- Objects ------------------------------------------------------------------------------------------


def class_of(kind: str) -> type | None:
    """Return the library's class for a value of `object`."""
    where = OBJECT_CLASSES.get(kind)
    return None if where is None else getattr(importlib.import_module(where[0]), where[1])


@cache
def fields_of(declaring: type) -> dict[str, Field]:
    """Return the fields that a class declares, each with its type."""
    every: dict[str, Any] = dict(inspect.get_annotations(declaring))
    own = {
        name: hint
        for name, hint in every.items()
        if get_origin(hint) is not ClassVar and not name.startswith("_")
    }
    hints = typing.get_type_hints(
        types.SimpleNamespace(__annotations__=own), globalns=_namespace(declaring.__module__)
    )
    return {
        name: Field(hint=hint, always=_NOTHING not in get_args(hint))
        for name, hint in hints.items()
    }


@cache
def _namespace(module_name: str) -> dict[str, Any]:
    """Return the names of a module, those too that it imports for type checkers alone."""
    module = importlib.import_module(module_name)
    names = dict(vars(module))
    for node in ast.parse(Path(str(module.__file__)).read_text()).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            exec(compile(ast.Module(node.body, []), module_name, "exec"), names)  # noqa: S102
    return names


# --- Calls --------------------------------------------------------------------------------------------


def operations(routes: set[str]) -> dict[str, Operation]:
    """Return what the library declares of routes such as `GET /v1/customers/{}`."""
    paths = {route.split()[1] for route in routes}
    found: dict[str, Operation] = {}
    for file in sorted(_LIBRARY.rglob("_*_service.py")):
        text = file.read_text()
        if paths & {_bare(path) for path in re.findall(r'"(/v1/[^"]*)"', text)}:
            found.update(_operations_in(file, ast.parse(text)))
    return {route: operation for route, operation in found.items() if route in routes}


def _bare(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def _operations_in(file: Path, tree: ast.Module) -> Iterator[tuple[str, Operation]]:
    inside = file.relative_to(_LIBRARY.parent).with_suffix("")
    names = _namespace(".".join(inside.parts))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "self._request":
                route = f"{_text(call.args[0]).upper()} {_bare(_text(call.args[1]))}"
                yield route, _operation(node, names)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        node = node.func.value
    assert isinstance(node, ast.Constant)
    return str(node.value)


def _operation(node: ast.FunctionDef, names: dict[str, Any]) -> Operation:
    hints = {arg.arg: arg.annotation for arg in node.args.args if arg.annotation is not None}
    given = {name: eval(ast.unparse(hint), names) for name, hint in hints.items()}  # noqa: S307
    given["return"] = eval(ast.unparse(node.returns or ast.Constant(None)), names)  # noqa: S307
    declared = typing.get_type_hints(types.SimpleNamespace(__annotations__=given), globalns=names)
    return Operation(params=declared.get("params"), answer=declared["return"])


def parameters(hint: Any, path: str = "") -> dict[str, Field]:
    """Return the parameters at a place such as `items[0]` of what a call takes."""
    steps = [step for step in re.split(r"[\[\]]+", path) if step and not step.isdecimal()]
    for step in steps:
        found = _entries(hint).get(step)
        if found is None:
            return {}
        hint = found.hint
    return _entries(hint)


def _entries(hint: Any) -> dict[str, Field]:
    if typing_extensions.is_typeddict(hint):
        return _entries_of(hint)
    return {name: field for part in get_args(hint) for name, field in _entries(part).items()}


@cache
def _entries_of(declaring: Any) -> dict[str, Field]:
    every = dict(declaring.__annotations__)
    own = {name: hint for name, hint in every.items() if name not in RequestOptions.__annotations__}
    hints = typing_extensions.get_type_hints(
        types.SimpleNamespace(__annotations__=own), globalns=_namespace(declaring.__module__)
    )
    return {
        name: Field(hint=hint, always=name in declaring.__required_keys__)
        for name, hint in hints.items()
    }


def words_of(hint: Any) -> set[str]:
    """Return the words that a type names; none where any text will do."""
    if get_origin(hint) is Literal:
        return {word for word in get_args(hint) if isinstance(word, str)}
    return {word for part in get_args(hint) for word in words_of(part)}


# --- Holding a document against that ------------------------------------------------------------------


def faults(value: Any, hint: Any, where: str = "") -> Iterator[str]:
    """Yield a sentence for whatever in a document differs from its type."""
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        yield from _of_union(value, get_args(hint), where)
    elif origin is Literal:
        if value not in get_args(hint):
            yield f"{where}: {value!r} is none of {sorted(map(str, get_args(hint)))}"
    elif origin is not None:
        yield from _IN_COLLECTION[origin](value, get_args(hint)[-1], where)
    elif isinstance(hint, type) and issubclass(hint, StripeObject):
        yield from object_faults(value, hint, where)
    elif not _is(value, hint):
        yield f"{where}: {value!r} is no {getattr(hint, '__name__', hint)}"


def _is(value: Any, hint: Any) -> bool:
    if hint is Any or isinstance(hint, typing.TypeVar):
        return True
    if isinstance(value, bool):
        return hint is bool
    if hint is float:
        return isinstance(value, int | float)
    if hint is Decimal:  # as Stripe sends it: a number in a text
        return isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return isinstance(hint, type) and isinstance(value, hint)


def _of_union(value: Any, parts: tuple[Any, ...], where: str) -> Iterator[str]:
    if value is None and _NOTHING in parts:
        return
    literals = {word for part in parts for word in words_of(part)}
    if isinstance(value, str) and literals:
        if value not in literals:
            yield f"{where}: {value!r} is none of {sorted(literals)}"
        return
    fitting = [part for part in parts if _is_of_kind(value, part)]
    rest = [part for part in parts if part is not _NOTHING]
    every = [list(faults(value, part, where)) for part in fitting or rest]
    if all(every):
        yield from max(every, key=lambda found: len(found[0]))  # the one that came furthest


def _is_of_kind(value: Any, part: Any) -> bool:
    """Say whether a part of a union is what `object` of a document names."""
    kind = value.get("object") if isinstance(value, dict) else None
    return kind is not None and getattr(part, "OBJECT_NAME", None) == kind


def _of_dict(value: Any, hint: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no dict"
        return
    for name, each in value.items():
        yield from faults(each, hint, f"{where}[{name}]")


def _of_list(value: Any, hint: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: {value!r} is no list"
        return
    for place, each in enumerate(value):
        yield from faults(each, hint, f"{where}[{place}]")


def _of_page(value: Any, hint: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict) or value.get("object") != "list":
        yield f"{where}: {value!r} is no list of Stripe's"
        return
    # Sub-lists that come with an object say how many there are; the library does not declare it.
    unknown = set(value) - {"object", "data", "has_more", "url", "total_count"}
    for name in unknown:
        yield f"{where}.{name}: a list has no such field"
    for name, kind in (("data", list[hint]), ("has_more", bool), ("url", str)):
        yield from faults(value.get(name), kind, f"{where}.{name}")


_IN_COLLECTION = {
    dict: _of_dict,
    list: _of_list,
    stripe.ListObject: _of_page,
    UntypedStripeObject: _of_dict,
}


def object_faults(value: Any, declaring: type, where: str) -> Iterator[str]:
    """Yield what differs between a document and a class of the library."""
    if declaring is StripeObject:
        return
    if not isinstance(value, dict):
        yield f"{where}: {value!r} is no {declaring.__name__}"
        return
    declared = fields_of(declaring)
    gone = value.get("deleted") is True
    for name, each in value.items():
        if name not in declared:
            yield f"{where}.{name}: {declaring.__qualname__} has no such field"
        else:
            yield from faults(each, declared[name].hint, f"{where}.{name}")
    always = {"id", "object"} if gone else {n for n, field in declared.items() if field.always}
    for name in sorted((always & set(declared)) - set(value)):
        yield f"{where}.{name}: {declaring.__qualname__} always has it"


def event_faults(event: Document) -> Iterator[str]:
    """Yield what is wrong with an event, with the object in it, and with what that was before."""
    yield from object_faults(event, stripe.Event, event["type"])
    found = event["data"]["object"]
    declaring = class_of(found["object"])
    if declaring is None:
        yield f"{event['type']}: no object is called {found['object']}"
        return
    yield from object_faults(found, declaring, f"{event['type']} {found['object']}")
    declared = fields_of(declaring)
    for name, old in (event["data"].get("previous_attributes") or {}).items():
        if name not in declared:
            yield f"{event['type']} previous {name}: no such field"
        elif old is not None:
            yield from faults(old, declared[name].hint, f"{event['type']} previous {name}")
