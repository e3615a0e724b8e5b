"""How two OpenAPI documents differ for their clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devstack.api_changes.schemas import ANSWERED, SENT, Change, Comparison, Schema, Side

METHODS = ("get", "post", "put", "patch", "delete")


def changes(old: Schema, new: Schema) -> list[Change]:
    """Return all differences that clients may care about, sorted."""
    return sorted(set(_operations(Side(old), Side(new))))


def _operations(old: Side, new: Side) -> Iterator[Change]:
    before, after = _by_address(old.document), _by_address(new.document)
    for address in sorted(before.keys() - after.keys()):
        yield Change(address, "is gone", breaks=True)
    for address in sorted(after.keys() - before.keys()):
        yield Change(address, "is new", breaks=False)
    for address in sorted(before.keys() & after.keys()):
        yield from _operation(old, new, before[address], after[address], address)


def _by_address(document: Schema) -> dict[str, Schema]:
    return {
        f"{method.upper()} {path}": methods[method]
        for path, methods in document["paths"].items()
        for method in METHODS
        if method in methods
    }


def _operation(old: Side, new: Side, before: Schema, after: Schema, where: str) -> Iterator[Change]:
    if before["operationId"] != after["operationId"]:
        what = f"is called {after['operationId']}, was {before['operationId']}"
        yield Change(where, what, breaks=True)
    if after.get("deprecated") and not before.get("deprecated"):
        yield Change(where, "is deprecated", breaks=False)
    if {} in before.get("security", []) and {} not in after.get("security", []):
        yield Change(where, "takes a sign-in now", breaks=True)
    yield from _parameters(old, new, before, after, where)
    yield from _body(old, new, before, after, where)
    yield from _answers(old, new, before, after, where)


def _parameters(
    old: Side, new: Side, before: Schema, after: Schema, where: str
) -> Iterator[Change]:
    had, has = _named(old, before), _named(new, after)
    for name in sorted(had.keys() - has.keys()):
        yield Change(f"{where} {name}", "is gone", breaks=True)
    for name in sorted(has.keys() - had.keys()):
        needed = bool(has[name].get("required"))
        yield Change(f"{where} {name}", f"is new{', and required' * needed}", breaks=needed)
    for name in sorted(had.keys() & has.keys()):
        if has[name].get("required") and not had[name].get("required"):
            yield Change(f"{where} {name}", "is required now", breaks=True)
        comparison = Comparison(old, new, SENT)
        yield from comparison.of(had[name]["schema"], has[name]["schema"], f"{where} {name}")


def _named(side: Side, operation: Schema) -> dict[str, Schema]:
    found = [side.resolved(each) for each in operation.get("parameters", [])]
    return {f"{each['in']} {each['name']}": each for each in found}


def _body(old: Side, new: Side, before: Schema, after: Schema, where: str) -> Iterator[Change]:
    sent, takes = (
        side.resolved(operation.get("requestBody", {}))
        for side, operation in ((old, before), (new, after))
    )
    if takes.get("required") and not sent.get("required"):
        yield Change(f"{where} {SENT}", "is required now", breaks=True)
    yield from _contents(old, new, sent, takes, f"{where} {SENT}", SENT)


def _answers(old: Side, new: Side, before: Schema, after: Schema, where: str) -> Iterator[Change]:
    had, has = before["responses"], after["responses"]
    for status in sorted(had.keys() - has.keys()):
        yield Change(f"{where} {status}", "is gone", breaks=status.startswith("2"))
    for status in sorted(has.keys() - had.keys()):
        yield Change(f"{where} {status}", "is new", breaks=False)
    for status in sorted(had.keys() & has.keys()):
        was, now = old.resolved(had[status]), new.resolved(has[status])
        inside = f"{where} {status}"
        for name in sorted(was.get("headers", {}).keys() - now.get("headers", {}).keys()):
            yield Change(f"{inside} {name}", "is gone", breaks=True)
        yield from _contents(old, new, was, now, inside, ANSWERED)


def _contents(
    old: Side, new: Side, was: Schema, now: Schema, where: str, direction: str
) -> Iterator[Change]:
    before: dict[str, Any] = was.get("content", {})
    after: dict[str, Any] = now.get("content", {})
    for kind in sorted(before.keys() - after.keys()):
        yield Change(where, f"{kind} is gone", breaks=True)
    for kind in sorted(before.keys() & after.keys()):
        comparison = Comparison(old, new, direction)
        schemas = before[kind].get("schema", {}), after[kind].get("schema", {})
        yield from comparison.of(*schemas, where)
