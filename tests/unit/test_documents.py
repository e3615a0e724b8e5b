"""What one reads first leads on: every link between our documents, and README on one screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.processes import ROOT

PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", ".github/**/*.md", "clients/*/README.md")
    for path in ROOT.glob(pattern)
)
ELSEWHERE = ("http://", "https://", "mailto:")


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Every link of a page to a file of ours, with the heading that it leads to."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(ELSEWHERE):
            name, _hash, heading = target.partition("#")
            yield ((page.parent / name).resolve() if name else page), heading


def headings(page: Path) -> set[str]:
    """The headings of a page as GitHub makes anchors of them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file_and_to_a_heading_that_are_there(page: Path) -> None:
    lost = [
        f"{target.name}#{heading}"
        for target, heading in links(page)
        if not target.exists() or (heading and heading not in headings(target))
    ]
    assert not lost


def test_readme_is_one_screen() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 60


def test_each_decision_stands_in_their_list() -> None:
    pages = {path.name for path in (ROOT / "docs" / "decisions").glob("*.md")} - {"README.md"}
    listed = {path.name for path, _heading in links(ROOT / "docs" / "decisions" / "README.md")}
    assert pages <= listed
