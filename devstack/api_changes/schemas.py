"""How two schemas differ for whoever sends, or reads, what they describe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
SENT, ANSWERED = "sent", "answered"
# Words that may come to be answered at any time: clients fall back to the status (docs/api.md).
OPEN_WORDS = frozenset({"ProblemCode"})
WORDS = frozenset({"title", "description", "examples"})
_CEILINGS = ("maxLength", "maximum", "maxItems")
_FLOORS = ("minLength", "minimum", "minItems")


@dataclass(frozen=True, order=True)
class Change:
    """One difference: where it is, what it is, and whether clients of the old document break."""

    where: str
    what: str
    breaks: bool

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Side:
    """One document, with what it shares among its operations."""

    document: Schema

    def resolved(self, part: Any) -> Any:
        """Return what a part stands for; a reference's neighbours only describe it."""
        while isinstance(part, dict):
            match part:
                case {"allOf": [one]}:
                    part = one
                case {"$ref": str(reference)}:
                    part = self._at(reference)
                case _:
                    break
        return part

    def plain(self, part: Any) -> Schema:
        """Return what a part stands for; a choice between one thing and null is that thing or null."""
        said: Schema = self.resolved(part)
        for kind in ("oneOf", "anyOf"):
            others = [each for each in said.get(kind, []) if each != {"type": "null"}]
            if len(others) == 1 < len(said[kind]):
                only = self.plain(others[0])
                return {**only, "type": sorted(_types(only) | {"null"})}
        return said

    def key(self, part: Any) -> str:
        """Return what tells a variant from its siblings: an object's name, or else what it allows."""
        said = self.resolved(part)
        if "properties" in said and _name(part):
            return _name(part)
        allowed = {name: said[name] for name in said if name not in WORDS}
        return json.dumps(allowed, sort_keys=True)

    def _at(self, reference: str) -> Any:
        found: Any = self.document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return found


class Comparison:
    """Compares schemas in one direction; each pair of shared ones once, for they may hold themselves."""

    def __init__(self, old: Side, new: Side, direction: str) -> None:
        self.old, self.new, self.direction = old, new, direction
        self._seen: set[tuple[int, int]] = set()

    @property
    def is_sent(self) -> bool:
        """Whether clients send what is compared, so that taking less breaks them."""
        return self.direction == SENT

    def of(self, old: Any, new: Any, where: str) -> Iterator[Change]:
        """Yield how what `new` describes differs from what `old` described."""
        pair = (id(self.old.resolved(old)), id(self.new.resolved(new)))
        if pair in self._seen:
            return
        self._seen.add(pair)
        before, after = self.old.plain(old), self.new.plain(new)
        yield from self._types(before, after, where)
        yield from self._variants(before, after, where)
        if _name(new) not in OPEN_WORDS:
            yield from self._words(before, after, where)
        yield from self._bounds(before, after, where)
        yield from self._properties(before, after, where)
        if "items" in before and "items" in after:
            yield from self.of(before["items"], after["items"], f"{where}[]")

    def _types(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = _types(old), _types(new)
        if before and after:
            yield from self._choices(before, after, where, "type")

    def _variants(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        for kind in ("oneOf", "anyOf"):
            before = {self.old.key(each): each for each in old.get(kind, [])}
            after = {self.new.key(each): each for each in new.get(kind, [])}
            if before and after:
                yield from self._choices(set(before), set(after), where, "variant")
            for key in sorted(before.keys() & after.keys()):
                yield from self.of(before[key], after[key], where)

    def _words(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = _enum(old), _enum(new)
        if before and after:
            yield from self._choices(before, after, where, "value")
        elif before != after:
            narrower = bool(after)
            what = f"{'only' if narrower else 'no longer only'} {sorted(after or before)}"
            yield Change(where, what, breaks=narrower is self.is_sent)

    def _choices(self, old: set[str], new: set[str], where: str, what: str) -> Iterator[Change]:
        for gone in sorted(old - new):
            yield Change(where, f"{what} {gone} is gone", breaks=self.is_sent)
        for more in sorted(new - old):
            yield Change(where, f"{what} {more} is new", breaks=not self.is_sent)

    def _bounds(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        if not self.is_sent:
            return
        for name in (*_CEILINGS, *_FLOORS):
            before, after = old.get(name), new.get(name)
            if after is not None and before != after:
                lower = name in _CEILINGS and (before is None or after < before)
                higher = name in _FLOORS and after > (before or 0)
                yield Change(where, f"{name} is {after}, was {before}", breaks=lower or higher)
        for name in ("pattern", "format"):
            if new.get(name) is not None and old.get(name) != new[name]:
                yield Change(where, f"{name} is {new[name]}, was {old.get(name)}", breaks=True)

    def _properties(self, old: Schema, new: Schema, where: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_after = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted(before.keys() - after.keys()):
            yield Change(f"{where}.{name}", "is gone", breaks=True)
        for name in sorted(after.keys() - before.keys()):
            needed = self.is_sent and name in needed_after
            yield Change(f"{where}.{name}", f"is new{', and required' * needed}", breaks=needed)
        for name in sorted(before.keys() & after.keys()):
            inside = f"{where}.{name}"
            if (name in needed_before) != (name in needed_after):
                needed = name in needed_after
                what = "is required now" if needed else "is no longer always there"
                yield Change(inside, what, breaks=needed is self.is_sent)
            yield from self.of(before[name], after[name], inside)


def _name(part: Any) -> str:
    return part["$ref"].rpartition("/")[2] if isinstance(part, dict) and "$ref" in part else ""


def _types(schema: Schema) -> set[str]:
    said = schema.get("type", [])
    types = {said} if isinstance(said, str) else set(said)
    return types | {"integer"} if "number" in types else types


def _enum(schema: Schema) -> set[str]:
    words = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return {json.dumps(word) for word in words}
