"""Form bodies as Stripe's clients write them: `items[0][price]=price_1&expand[]=customer`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from mock_stripe.errors import invalid, missing_parameter, unknown_parameter

Tree = dict[str, Any]
_KEY = re.compile(r"\[([^\]]*)\]")


def parse(pairs: Iterable[tuple[str, str]]) -> Tree:
    """Return the nested form of flat pairs; lists become dicts whose keys are their places."""
    tree: Tree = {}
    for key, value in pairs:
        name, *path = [key.split("[", 1)[0], *_KEY.findall(key)]
        _put(tree, [name, *path], value, key)
    return tree


def _put(tree: Tree, path: list[str], value: str, key: str) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise invalid(key, f"Invalid param: {key} is both a value and a hash.")
    tree[path[-1] or str(len(tree))] = value


class Params:
    """The parameters of a call, read by name and type; what does not fit raises as in Stripe."""

    def __init__(self, tree: Tree, path: str = "") -> None:
        self._tree = tree
        self._path = path

    def __contains__(self, name: str) -> bool:
        return name in self._tree

    def only(self, *names: str) -> None:
        """Refuse every parameter that is not named."""
        for name in self._tree:
            if name not in names:
                raise unknown_parameter(self.name_of(name))

    def name_of(self, name: str) -> str:
        """Return the full name of a parameter, as errors give it."""
        return f"{self._path}[{name}]" if self._path else name

    def text(self, name: str) -> str | None:
        """Return a text, or None if it is absent or empty (which is how values are unset)."""
        value = self._tree.get(name)
        if isinstance(value, dict):
            raise invalid(self.name_of(name), "Invalid string: {}")
        return value or None

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if value is None:
            raise missing_parameter(self.name_of(name))
        return value

    def choice(self, name: str, *options: str) -> str | None:
        """Return one of these words, or None."""
        value = self.text(name)
        if value is not None and value not in options:
            known = ", ".join(options)
            raise invalid(self.name_of(name), f"Invalid {name}: must be one of {known}")
        return value

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None."""
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
            raise invalid(
                self.name_of(name), f"Invalid integer: {value}", code="parameter_invalid_integer"
            )
        return int(value)

    def boolean(self, name: str) -> bool | None:
        """Return a yes or no, or None."""
        value = self.choice(name, "true", "false")
        return None if value is None else value == "true"

    def nested(self, name: str) -> Params:
        """Return the parameters inside a hash; none if it is absent."""
        value = self._tree.get(name) or {}
        if not isinstance(value, dict):
            raise invalid(self.name_of(name), "Invalid object")
        return Params(value, self.name_of(name))

    def is_nested(self, name: str) -> bool:
        """Say whether a parameter is a hash or a list."""
        return isinstance(self._tree.get(name), dict)

    def each(self, name: str) -> Iterator[Params]:
        """Yield the parameters of each entry of a list of hashes."""
        entries = self.nested(name)
        for place in entries.places():
            yield entries.nested(place)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; empty if it is absent."""
        entries = self.nested(name)
        return [entries.required(place) for place in entries.places()]

    def places(self) -> list[str]:
        """Return the keys of a list in their order."""
        if not all(place.isdecimal() for place in self._tree):
            raise invalid(self._path, "Invalid array")
        return sorted(self._tree, key=int)

    def merged_metadata(self, current: dict[str, str]) -> dict[str, str]:
        """Return metadata after this call: an empty value unsets a key, an empty hash unsets all."""
        if "metadata" not in self:
            return current
        given = self.nested("metadata")
        if not given.names():
            return {}
        merged = current | {key: given.text(key) or "" for key in given.names()}
        return {key: value for key, value in merged.items() if value}

    def names(self) -> list[str]:
        """Return the names that were given."""
        return list(self._tree)
