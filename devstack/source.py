"""Our own modules, parsed and not imported: what a name stands for, and where a call stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from devstack.processes import ROOT

ROOMS = ("config", "staff", "website", "billing", "tenant_apps", "public_apps")
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Module:
    """One file of ours."""

    name: str
    path: Path  # from the root of the repository
    source: str = field(repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.source)

    @cached_property
    def names(self) -> dict[str, str]:
        """What each name of the module stands for, with its dots."""
        imported = {
            known: whole for node in ast.walk(self.tree) for known, whole in _imported(node)
        }
        own = [name for name, _value in self.constants]
        own += [each.name for each in self.tree.body if isinstance(each, Definition)]
        return imported | {name: f"{self.name}.{name}" for name in own}

    @cached_property
    def constants(self) -> list[tuple[str, ast.expr]]:
        """Each name that the module itself assigns, with its value; `A, B = 1, 2` are two."""
        return [pair for statement in self.tree.body for pair in _assigned(statement)]

    def resolve(self, node: ast.expr) -> str:
        """Return what an expression names, with its dots; empty if it is more than a name."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute) and (owner := self.resolve(node.value)):
            return f"{owner}.{node.attr}"
        return ""

    def comment_above(self, node: ast.expr) -> str:
        """Return the comment that ends right above the line of a node, as one paragraph."""
        words: list[str] = []
        for line in reversed(self.source.splitlines()[: node.lineno - 1]):
            if not line.startswith("# "):
                break
            words.insert(0, line[2:])
        return " ".join(words)

    @cached_property
    def calls(self) -> list[tuple[str, ast.Call]]:
        """Every call, with the dotted name of the function, or of the module, that it stands in."""
        placed = _placed(self.tree, self.name)
        return [(where, node) for where, node in placed if isinstance(node, ast.Call)]

    def decorated(self) -> Iterator[tuple[str, ast.expr]]:
        """Every function or class of the module by its dotted name, once for each decorator."""
        for node in self.tree.body:
            if isinstance(node, Definition):
                yield from ((f"{self.name}.{node.name}", each) for each in node.decorator_list)

    def calls_at_import(self) -> Iterator[ast.Call]:
        """Calls that are made as the module is imported, or by `ready()` of its app."""
        for statement in self.tree.body:
            if not isinstance(statement, Definition):
                yield from _calls_in(statement)
            for inner in getattr(statement, "body", ()):
                if isinstance(inner, ast.FunctionDef) and inner.name == "ready":
                    yield from _calls_in(inner)


def read(root: Path = ROOT) -> list[Module]:
    """Return every module of the product but its migrations."""
    modules = []
    for path in sorted(path for room in ROOMS for path in (root / room).rglob("*.py")):
        relative = path.relative_to(root)
        if "migrations" not in relative.parts:
            dotted = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            modules.append(Module(dotted, relative, path.read_text(encoding="utf-8")))
    return modules


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.ImportFrom) and node.module:
        for each in node.names:
            yield each.asname or each.name, f"{node.module}.{each.name}"
    elif isinstance(node, ast.Import):
        for each in node.names:
            yield each.asname or each.name, each.name


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield from _pairs(statement.target, statement.value)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _pairs(target, statement.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for name, part in zip(target.elts, value.elts, strict=False):
            yield from _pairs(name, part)


def _placed(tree: ast.AST, where: str, *, whole: bool = False) -> Iterator[tuple[str, ast.AST]]:
    """Every node, with the dotted name of the outermost function or method around it."""
    for child in ast.iter_child_nodes(tree):
        yield where, child
        if whole or not isinstance(child, Definition):
            yield from _placed(child, where, whole=whole)
        else:
            is_class = isinstance(child, ast.ClassDef)
            yield from _placed(child, f"{where}.{child.name}", whole=not is_class)


def _calls_in(node: ast.AST) -> Iterator[ast.Call]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Call))
