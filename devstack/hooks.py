"""Who reacts to what, read from the code: `python -m devstack.hooks` writes docs/hooks.md.

The source is parsed, not imported, so this needs no settings and knows of every listener, whether
its module is loaded or not.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from devstack import generated, source
from devstack.processes import ROOT
from devstack.source import Definition, Module

PAGE = ROOT / "docs" / "hooks.md"
SIGNAL, RECEIVER = "django.dispatch.Signal", "django.dispatch.receiver"
TASKS = ("public_apps.core.jobs.task", "public_apps.core.jobs.periodic")
DEFERRALS = ("public_apps.core.jobs.defer_once", "public_apps.core.jobs.deferral")
# They add to a collection of their module's, too, but what is added reacts to nothing.
DECLARATIONS = {
    "public_apps.monitoring.incidents.kind",  # docs/operations.md has a runbook for each
    "public_apps.accounts.navigation.add_page",
    "public_apps.accounts.permissions.declare",  # docs/permissions.md shows all
}


@dataclass(frozen=True, order=True)
class Listener:
    """Somebody who reacts: what to (empty: to all), who, and the file to look into."""

    to: str
    who: str
    file: str


@dataclass
class Hook:
    """Something that others react to: its promise, who sets it off, and who listens."""

    name: str
    promise: str = ""
    sent_by: set[str] = field(default_factory=set)
    listeners: list[Listener] = field(default_factory=list)


@dataclass(frozen=True)
class Job:
    """A task by its name: who does it, by the clock or asked for by whom."""

    name: str
    does: Listener
    cron: str
    asked_by: set[str]


class Code:
    """All modules, and the questions that go over more than one of them."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = list(modules)
        self.files = {module.name: module.path.as_posix() for module in self.modules}

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Every value that a module assigns, by its dotted name."""
        return {
            f"{module.name}.{name}": value
            for module in self.modules
            for name, value in module.constants
        }

    @cached_property
    def functions(self) -> set[str]:
        """Every function of ours by its dotted name."""
        return {
            f"{module.name}.{node.name}"
            for module in self.modules
            for node in module.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    def listener(self, who: str, *, to: str = "", module: Module | None = None) -> Listener:
        """Return who listens, with the file in which they stand, or else that of `module`."""
        home = self.files.get(who.rpartition(".")[0])
        return Listener(to, who, home or (module.path.as_posix() if module else ""))

    def said(self, module: Module, node: ast.expr) -> str:
        """Return an argument as people read it: a word, a function of ours, or the expression."""
        name = module.resolve(node)
        value = self.constants.get(name, node)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
        return name if name in self.functions else ast.unparse(value)

    # --- Signals ------------------------------------------------------------------------------

    def signals(self) -> tuple[list[Hook], list[Hook]]:
        """Return our own signals, and those of others that we listen to."""
        ours = self._own_signals()
        others: dict[str, Hook] = {}
        for signal, listener in [*self._receivers(), *self._connections(ours)]:
            known = ours if signal in ours else others
            known.setdefault(signal, Hook(signal)).listeners.append(listener)
        for module in self.modules:
            for where, call in module.calls:
                if hook := ours.get(_owner(module, call, "send", "send_robust")):
                    hook.sent_by.add(where)
        return _in_order(ours), _in_order(others)

    def _own_signals(self) -> dict[str, Hook]:
        return {
            f"{module.name}.{name}": Hook(f"{module.name}.{name}", module.comment_above(value))
            for module in self.modules
            for name, value in module.constants
            if isinstance(value, ast.Call) and module.resolve(value.func) == SIGNAL
        }

    def _receivers(self) -> Iterator[tuple[str, Listener]]:
        for module in self.modules:
            for who, decorator in module.decorated():
                if isinstance(decorator, ast.Call) and module.resolve(decorator.func) == RECEIVER:
                    for signal in _several(decorator.args[0]):
                        yield module.resolve(signal), self.listener(who)

    def _connections(self, ours: Iterable[str]) -> Iterator[tuple[str, Listener]]:
        for module in self.modules:
            for where, call in module.calls:
                signal = _owner(module, call, "connect")
                if signal in ours or ".signals." in signal:
                    who = module.resolve(call.args[0])
                    yield signal, self.listener(who if who in self.functions else where)

    # --- Registries ---------------------------------------------------------------------------

    @cached_property
    def registries(self) -> list[Hook]:
        """Return each function or class by which others register, and who does."""
        hooks = {
            (name := f"{module.name}.{node.name}"): Hook(
                name, (ast.get_docstring(node) or "").partition("\n")[0]
            )
            for module in self.modules
            for node in _adders(module)
        }
        for module in self.modules:
            for who, decorator in module.decorated():
                func = decorator.func if isinstance(decorator, ast.Call) else decorator
                if hook := hooks.get(module.resolve(func)):
                    to = ", ".join(self._arguments(module, decorator))
                    hook.listeners.append(self.listener(who, to=to))
            for call in module.calls_at_import():
                if hook := hooks.get(module.resolve(call.func)):
                    *words, who = self._arguments(module, call)
                    to = ", ".join(words)
                    hook.listeners.append(self.listener(who, to=to, module=module))
        return _in_order({name: hook for name, hook in hooks.items() if hook.listeners})

    def _arguments(self, module: Module, call: ast.expr) -> list[str]:
        if not isinstance(call, ast.Call):
            return []
        keywords = [(each.arg, self.said(module, each.value)) for each in call.keywords]
        return [
            *(self.said(module, each) for each in call.args),
            *(said if said in self.functions else f"{arg}={said}" for arg, said in keywords),
        ]

    # --- Tables of functions, and jobs --------------------------------------------------------

    def tables(self) -> list[Hook]:
        """Return each dictionary of functions that are other modules', such as event handlers."""
        found = {}
        for module in self.modules:
            for name, value in module.constants:
                if isinstance(value, ast.Dict):
                    who = [module.resolve(each) for each in value.values]
                    if set(who) & self.functions and not any(_is_in(module, each) for each in who):
                        keys = [self.said(module, key) for key in value.keys if key]
                        listeners = map(self._row, keys, who)
                        hook = Hook(f"{module.name}.{name}", listeners=list(listeners))
                        found[hook.name] = hook
        return _in_order(found)

    def _row(self, to: str, who: str) -> Listener:
        return self.listener(who, to=to)

    def jobs(self) -> list[Job]:
        """Return every task, by its name."""
        asked = self._askers()
        found = []
        for module in self.modules:
            for who, decorator in module.decorated():
                if isinstance(decorator, ast.Call) and module.resolve(decorator.func) in TASKS:
                    name = self.said(module, decorator.args[0])
                    crons = (
                        self.said(module, each.value)
                        for each in decorator.keywords
                        if each.arg == "cron"
                    )
                    found.append(
                        Job(name, self.listener(who), next(crons, ""), asked[name] | asked[who])
                    )
        return sorted(found, key=lambda job: job.name)

    def _askers(self) -> defaultdict[str, set[str]]:
        """Return who enqueues what: by a task's name, or by the function that does it."""
        asked = defaultdict(set)
        for module in self.modules:
            for where, call in module.calls:
                if call.args and module.resolve(call.func) in DEFERRALS:
                    asked[self.said(module, call.args[0])].add(where)
                elif function := _owner(module, call, "defer", "configure"):
                    asked[function].add(where)
        for hook in self.registries:
            for each in hook.listeners:
                asked[each.who].add(f"{hook.name}: {each.to}")
        return asked


def _owner(module: Module, call: ast.Call, *methods: str) -> str:
    """Return whose method a call is, if it is one of these; else nothing."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in methods:
        return module.resolve(call.func.value)
    return ""


def _several(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.List | ast.Tuple) else [node]


def _is_in(module: Module, name: str) -> bool:
    return name.rpartition(".")[0] == module.name


def _adders(module: Module) -> Iterator[Definition]:
    """Public functions and classes that add to a collection of their module's, empty at first."""
    empty = {
        name for name, value in module.constants if ast.unparse(value) in {"[]", "{}", "set()"}
    }
    for node in module.tree.body if empty else ():
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        adds = any(_added_to(inner) in empty for inner in ast.walk(node))
        if adds and f"{module.name}.{node.name}" not in DECLARATIONS:
            yield node


def _added_to(node: ast.AST) -> str:
    """Return the name of the collection that a statement adds to, if it does."""
    owner: ast.expr | None = None
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        owner = node.targets[0].value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value if node.func.attr in {"append", "add", "insert"} else None
    return owner.id if isinstance(owner, ast.Name) else ""


def _in_order(hooks: dict[str, Hook]) -> list[Hook]:
    for hook in hooks.values():
        hook.listeners.sort()
    return [hooks[name] for name in sorted(hooks)]


# --- The page -----------------------------------------------------------------------------------

HEAD = """\
# Hooks: who reacts to what

<!-- Made from the code by `python -m devstack.hooks`; `bin/test` compares. -->

A room knows only the rooms below it ([architecture](architecture.md)). Where it has something to
tell those above, or needs something of them, it offers a hook, and whoever is concerned registers
as it is imported. Here is every hook, with everybody who is on it.

- [Signals of ours](#signals-of-ours), and [of others](#signals-of-others)
- [Registries](#registries): lists that others add themselves to
- [Tables](#tables): Stripe's events, and who handles each
- [Jobs](#jobs), by name
"""
OURS = """
## Signals of ours

| signal | when it is sent | by | who listens |
| --- | --- | --- | --- |
"""
OTHERS = """
## Signals of others

| signal | who listens |
| --- | --- |
"""
REGISTRIES = """
## Registries

The heading is what one registers by.
"""
TABLES = """
## Tables
"""
JOBS = """
## Jobs

A job is enqueued by its name, so that nobody has to import who does it. The clock is a cron line;
one of six fields ends with the seconds.

| name | who does it | clock | asked for by |
| --- | --- | --- | --- |
"""


def page(code: Code) -> str:
    """Return docs/hooks.md as the code says that it should be."""
    ours, others = code.signals()
    parts = [HEAD, OURS]
    parts += [
        row(f"`{hook.name}`", hook.promise, listed(hook.sent_by), who(hook.listeners))
        for hook in ours
    ]
    parts += [OTHERS, *(row(f"`{hook.name}`", who(hook.listeners)) for hook in others)]
    parts += [REGISTRIES, *map(section, code.registries)]
    parts += [TABLES, *map(section, code.tables())]
    parts.append(JOBS)
    parts += [
        row(f"`{job.name}`", linked(job.does), listed({job.cron}), listed(job.asked_by))
        for job in code.jobs()
    ]
    return "".join(parts)


def section(hook: Hook) -> str:
    """Return a registry or a table, with a row a listener."""
    head = f"\n### `{hook.name}`\n\n" + (f"{hook.promise}\n\n" if hook.promise else "")
    if any(each.to for each in hook.listeners):
        rows = (row(f"`{each.to}`", linked(each)) for each in hook.listeners)
        return head + "| for | who |\n| --- | --- |\n" + "".join(rows)
    return head + "".join(f"- {linked(each)}\n" for each in hook.listeners)


def row(*cells: str) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def who(listeners: Iterable[Listener]) -> str:
    """Return everybody who listens, in one cell."""
    return "<br>".join(map(linked, listeners)) or "nobody"


def linked(listener: Listener) -> str:
    """Return who listens, leading to the file."""
    return f"[`{listener.who}`](../{listener.file})"


def listed(names: Iterable[str]) -> str:
    """Return names in one cell."""
    return "<br>".join(f"`{name}`" for name in sorted(names) if name)


def main() -> int:
    """Write or check the page; return the exit code."""
    return generated.keep(PAGE, made=page(Code(source.read())), by="devstack.hooks")


if __name__ == "__main__":
    sys.exit(main())
