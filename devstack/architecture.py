"""The picture of the rooms, from the code's imports: writes docs/architecture.svg.

`python -m devstack.architecture`; grimp, on which import-linter stands, reads the imports. Boxes have
their places by hand, order and numbers are the code's.
"""

from __future__ import annotations

import math
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import grimp

from devstack import generated
from devstack.processes import ROOT

PICTURE = ROOT / "docs" / "architecture.svg"
WIDTH, HEIGHT = 880, 716
PUBLIC = "public_apps"
STEP_X, STEP_Y = 98, 52  # from one public app to the next

Imports = Counter[tuple[str, str]]  # importing room and imported room: how many imports


@dataclass(frozen=True)
class Box:
    """A room: its place, its name, and what is in it."""

    x: int
    y: int
    width: int
    height: int
    name: str
    words: tuple[str, ...] = ()
    style: str = "room"

    @property
    def bottom(self) -> int:
        """Where arrows leave."""
        return self.y + self.height

    @property
    def middle(self) -> int:
        """Half of its height."""
        return self.y + self.height // 2

    @property
    def centre(self) -> int:
        """Half of its width."""
        return self.x + self.width // 2


ROOMS = {
    box.name: box
    for box in (
        Box(30, 28, 610, 50, "config", ("settings, URLs, checks: the only reader of the environment",)),
        Box(74, 122, 172, 56, "website", ("prices, sign-up, progress",)),
        Box(330, 122, 266, 56, "staff", ("admin, alerts, doctor, operators' commands",)),
        Box(118, 222, 268, 70, "billing", ("checkout, webhook, inbox, mirrors of Stripe,",
                                           "access policy; gateway alone calls Stripe")),
        Box(416, 222, 224, 70, "tenant_apps", ("buildings, finances, requests,",
                                               "votes, announcements, files, home")),
        Box(30, 340, 610, 352, PUBLIC),
    )
}  # fmt: skip
APART = {
    box.name: box
    for box in (
        Box(684, 122, 166, 70, "mock_stripe", ("a stand-in for Stripe,", "a process of its own"),
            "apart"),
        Box(684, 340, 166, 70, "devstack", ("bin/demo and bin/test:", "no product code"), "apart"),
    )
}  # fmt: skip
# In a public app's box is room for a word or two.
SAID = {
    "onboarding": "opens workspaces",
    "tenants": "schemas, domains",
    "accounts": "people, roles",
    "audit": "who did what",
    "monitoring": "metrics, incidents",
    "core": "mail, jobs, errors",
}
# Arrows between rooms go straight down: each pair that the rule allows has a lane that is free.
LANES = {
    ("config", "website"): 160,
    ("config", "staff"): 462,
    ("config", "billing"): 288,
    ("config", "tenant_apps"): 618,
    ("config", PUBLIC): 52,
    ("website", "billing"): 182,
    ("website", PUBLIC): 96,
    ("staff", "billing"): 358,
    ("staff", "tenant_apps"): 506,
    ("staff", PUBLIC): 401,
    ("billing", PUBLIC): 252,
    ("tenant_apps", PUBLIC): 528,
}

STYLE = """
  :root { --paper: #ffffff; --edge: #d0d7de; --ink: #1f2328; --soft: #59636e; --line: #8c959f;
    --room: #ddf4ff; --room-edge: #54aeff; --app: #dafbe1; --app-edge: #4ac26b; --panel: #f6f8fa; }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #0d1117; --edge: #3d444d; --ink: #f0f6fc; --soft: #9198a1; --line: #656c76;
      --room: #12253d; --room-edge: #316dca; --app: #12261e; --app-edge: #347d39; --panel: #151b23; }
  }
  text { font: 13px -apple-system, BlinkMacSystemFont, "Segoe UI", Helvetica, Arial, sans-serif;
    fill: var(--ink); text-anchor: middle; }
  .name { font-weight: 600; }
  .words { font-size: 11px; fill: var(--soft); }
  .small { font-size: 9.5px; fill: var(--soft); }
  .count { font-size: 11px; font-weight: 600; }
  .left { text-anchor: start; }
  .paper { fill: var(--paper); stroke: var(--edge); }
  .room { fill: var(--room); stroke: var(--room-edge); }
  .app { fill: var(--app); stroke: var(--app-edge); }
  .panel, .apart { fill: var(--panel); stroke: var(--edge); }
  .apart { stroke-dasharray: 5 4; stroke: var(--line); }
  .pill { fill: var(--paper); stroke: var(--edge); }
  .arrow { fill: none; stroke: var(--line); }
  .head { fill: var(--line); }
"""


class NoPlace(Exception):
    """The picture has no place for something that the code has; the message says what."""


def settings() -> dict[str, Any]:
    """Return import-linter's settings, which say who may import whom."""
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = written["tool"]["importlinter"]
    return found


def layers(contract: str) -> list[str]:
    """Return the rooms that a contract puts in order, from top to bottom. Raises `NoPlace`."""
    for each in settings()["contracts"]:
        if each["id"] == contract:
            return [name for layer in each["layers"] for name in layer.split(" | ")]
    raise NoPlace(f"pyproject.toml has no contract {contract!r}.")


def imports() -> Imports:
    """Count the imports from each room to each other one; a public app is a room of its own."""
    graph = grimp.build_graph(*settings()["root_packages"], cache_dir=None)
    found: Imports = Counter()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            rooms = room_of(importer), room_of(imported)
            if rooms[0] != rooms[1]:
                found[rooms] += 1
    return found


def room_of(module: str) -> str:
    """Return the room that a module is in."""
    first, _dot, rest = module.partition(".")
    return rest.partition(".")[0] if first == PUBLIC and rest else first


def picture(counted: Imports) -> str:
    """Return the SVG. Raises `NoPlace`."""
    apps = layers("public-apps")
    for placed, wanted in ((ROOMS, layers("rooms")), (SAID, apps)):
        if differing := set(placed) ^ set(wanted):
            raise NoPlace(f"The picture and pyproject.toml differ about {sorted(differing)}.")
    parts = [
        *heading(),
        *(line for box in (*ROOMS.values(), *APART.values()) for line in drawn(box)),
        *between_rooms(together(counted, set(apps))),
        *staircase(apps, counted),
    ]
    return "\n".join([*parts, "</svg>", ""])


def together(counted: Imports, apps: set[str]) -> Imports:
    """Return the same with all public apps as one room."""
    found: Imports = Counter()
    for (importer, imported), number in counted.items():
        if importer not in apps:
            found[importer, PUBLIC if imported in apps else imported] += number
    return found


def heading() -> Iterator[str]:
    """Yield what comes before the boxes."""
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        ' aria-labelledby="title">'
    )
    yield '<title id="title">The rooms, and how many imports lead from each to those below</title>'
    yield "<!-- Made from the code's imports by `python -m devstack.architecture`. -->"
    yield f"<style>{STYLE}</style>"
    yield (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
        ' markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
        '<path class="head" d="M0 0.5 8 4 0 7.5z"/></marker></defs>'
    )
    yield f'<rect class="paper" x="1" y="1" width="{WIDTH - 2}" height="{HEIGHT - 2}" rx="10"/>'
    yield text(684, 42, "An arrow points at what is", "words left")
    yield text(684, 57, "imported; its number says", "words left")
    yield text(684, 72, "by how many imports.", "words left")


def drawn(box: Box) -> Iterator[str]:
    """Yield a box with its words."""
    style = "panel" if box.name == PUBLIC else box.style
    yield (
        f'<rect class="{style}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
        ' rx="8"/>'
    )
    if box.name == PUBLIC:
        yield text(box.x + 16, box.bottom - 52, PUBLIC, "name left")
        yield text(box.x + 16, box.bottom - 35, "each app knows those below it;", "words left")
        yield text(box.x + 16, box.bottom - 20, "a crossing without a number is none", "words left")
        return
    small = "small" if box.style == "app" else "words"
    top = box.middle + 5 - 8 * len(box.words)
    yield text(box.centre, top, box.name, "name")
    for number, words in enumerate(box.words, start=1):
        yield text(box.centre, top + 1 + 15 * number, words, small)


def between_rooms(counted: Imports) -> Iterator[str]:
    """Yield the arrows between rooms. Raises `NoPlace` for one that has no lane."""
    for (importer, imported), number in sorted(counted.items()):
        if importer in APART and imported == PUBLIC:
            y = APART[importer].middle
            yield arrow(f"M{APART[importer].x} {y}H{ROOMS[PUBLIC].x + ROOMS[PUBLIC].width}", number)
            yield from pill(662, y, number)
            continue
        if (importer, imported) not in LANES:
            raise NoPlace(f"LANES has no arrow for {importer} → {imported}.")
        x, start, end = LANES[importer, imported], ROOMS[importer].bottom, ROOMS[imported].y
        yield arrow(f"M{x} {start}V{end}", number)
        yield from pill(x, (ROOMS[importer].bottom + _next_row(importer)) // 2, number)


def _next_row(room: str) -> int:
    """Return where the row of boxes below this room's begins."""
    return min(box.y for box in ROOMS.values() if box.y > ROOMS[room].bottom)


def staircase(apps: list[str], counted: Imports) -> Iterator[str]:
    """Yield the public apps on a diagonal: right, then down, leads from each to what it imports."""
    boxes = {
        name: Box(42 + STEP_X * number, 358 + STEP_Y * number, 94, 40, name, (SAID[name],), "app")
        for number, name in enumerate(apps)
    }
    known = [
        (boxes[importer], boxes[imported], number)
        for (importer, imported), number in sorted(counted.items())
        if {importer, imported} <= set(boxes)
    ]
    for box in boxes.values():
        if ends := [imported.centre for importer, imported, _number in known if importer == box]:
            yield f'<path class="arrow" d="M{box.x + box.width} {box.middle}H{max(ends)}"/>'
        if starts := [importer.middle for importer, imported, _number in known if imported == box]:
            yield arrow(f"M{box.centre} {min(starts)}V{box.y}")
        yield from drawn(box)
    for importer, imported, number in known:
        yield from pill(imported.centre, importer.middle, number)


def arrow(path: str, number: int = 1) -> str:
    """Return an arrow, the broader the more imports it stands for."""
    width = 1 + math.log2(number) / 4
    return f'<path class="arrow" d="{path}" stroke-width="{width:.1f}" marker-end="url(#head)"/>'


def pill(x: int, y: int, number: int) -> Iterator[str]:
    """Yield a number on an arrow."""
    width = 12 + 7 * len(str(number))
    yield (
        f'<rect class="pill" x="{x - width / 2:g}" y="{y - 9}" width="{width}" height="18" rx="9"/>'
    )
    yield text(x, y + 4, str(number), "count")


def text(x: int, y: int, words: str, style: str) -> str:
    """Return a line of text."""
    return f'<text class="{style}" x="{x}" y="{y}">{escape(words, quote=False)}</text>'


def main() -> int:
    """Write or check the picture; return the exit code."""
    try:
        made = picture(imports())
    except NoPlace as reason:
        sys.stdout.write(f"{reason} Give it a place in devstack/architecture.py.\n")
        return 1
    return generated.keep(PICTURE, made=made, by="devstack.architecture")


if __name__ == "__main__":
    sys.exit(main())
