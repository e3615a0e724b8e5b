"""Whatever the handbook has people type exists: each command of `manage.py`, with its options."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED = re.compile(r"manage\.py ([a-z_]+)([^`\n“”|#;&]*)")
# What follows these goes to another program.
PASSING_ON = {"pg"}


def typed() -> list[tuple[str, str, str]]:
    """Return each page, command and what follows it, wherever one is shown."""
    return [
        (page.relative_to(ROOT).as_posix(), match[1], match[2])
        for page in PAGES
        for match in TYPED.finditer(page.read_text(encoding="utf-8"))
    ]


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Return what a command may be given, its subcommands' options among it."""
    known: set[str] = set()
    for action in parser._actions:
        known |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                known |= options_of(inner)
    return known


def test_there_are_commands_in_the_handbook() -> None:
    assert len(typed()) > 60


@pytest.mark.parametrize("name", sorted({name for _page, name, _rest in typed()}))
def test_each_command_that_a_page_shows_exists_and_has_the_options_shown(name: str) -> None:
    shown = [(page, rest) for page, each, rest in typed() if each == name]
    assert name in get_commands(), shown
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    known = options_of(parser)
    for page, rest in shown if name not in PASSING_ON else ():
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", rest):
            assert option in known, f"{page}: manage.py {name}{rest}"
