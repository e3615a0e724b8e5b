"""Whoever follows a how-to gets what it promises: each is followed in a copy, block by block.

All three in one copy, one after the other. Lines that would only be run again and again there (what is
made by `devstack.generated`, and pytest) are run once, at the end, for all of them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from devstack import environment
from devstack.processes import ROOT
from tests.devstack import howto
from tests.devstack.howto import CannotFollow, Step

RESOURCE, HANDLER, ALERT = "add-a-resource.md", "add-an-event-handler.md", "add-an-alert.md"
ALL = (RESOURCE, HANDLER, ALERT)
MAKE = ".venv/bin/python -m devstack.generated"
PYTEST = ".venv/bin/pytest -q "
CHECK = "tests/unit/tenant_api/test_completeness.py"
NAME = "suppliers"  # apart from /api/, or this file would be the test that asks there
MOST_FOR_A_RESOURCE = 12


class Follower:
    """Somebody new, with a clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = howto.copy_to(folder)
        given = environment.without_demo(environment.without_settings(os.environ))
        self._environ = {
            **{name: value for name, value in given.items() if not name.startswith("PYTEST_")},
            "PYTHONPYCACHEPREFIX": str(ROOT / "var" / "pycache"),
            "CONCIERGE_STATE": str(self.folder / "var"),
        }
        self.left: list[str] = []

    def follow(self, step: Step) -> None:
        """Do what a block says, or keep it for the end."""
        if not step.is_run:
            howto.apply(step, to=self.folder)
            return
        for line in step.text.splitlines():
            if line.startswith((MAKE, PYTEST)):
                self.left.append(line)
            else:
                self.must(line)

    def must(self, line: str) -> str:
        """Run a line that must succeed; return what it said."""
        code, said = self.run(line)
        assert code == 0, f"{line}\n{said}"
        return said

    def run(self, line: str) -> tuple[int, str]:
        """Run a line in the clone; return its exit code and what it said."""
        return howto.run(line, within=self.folder, environ=self._environ)


@pytest.fixture
def follower(tmp_path: Path) -> Follower:
    """Somebody with a clone."""
    return Follower(tmp_path)


@pytest.mark.parametrize("page", ALL)
def test_a_page_says_how_many_files_it_takes(page: str) -> None:
    files = howto.by_hand(page)
    assert howto.said_by_hand(page) == len(files), sorted(files)
    assert page != RESOURCE or len(files) <= MOST_FOR_A_RESOURCE


def test_what_a_half_made_resource_lacks_is_said_a_sentence_a_piece(follower: Follower) -> None:
    """Its code alone is there, and whoever wrote that has thought of no permissions."""
    for step in howto.steps(RESOURCE):
        if step.path.startswith(("tenant_apps", "config")):
            howto.apply(step, to=follower.folder)
    api = follower.folder / "tenant_apps/suppliers/api.py"
    rows = re.compile(r'    permissions = """.*?"""\n', re.DOTALL)
    api.write_text(rows.sub("", api.read_text()))
    code, said = follower.run(PYTEST + CHECK)
    assert code == 1, said
    pieces = {
        "no migration": "run `.venv/bin/python manage.py makemigrations suppliers`.",
        "no permission rows for create, destroy, list, partial_update, retrieve": (
            "add them in `permissions` of SupplierViewSet (tenant_apps/suppliers/api.py)."
        ),
        "docs/openapi/tenant.yaml tells of no GET": "run `.venv/bin/python -m devstack.generated`.",
        "no Greek in locale/el/LC_MESSAGES/django.po for “": "”.",
        f"no test asks /api/{NAME}/": "write one in tests/unit/tenant_apps/.",
    }
    # Once each: in CI pytest's summary says them again.
    sentences = {line for line in said.splitlines() if line.startswith("suppliers: ")}
    assert len(sentences) == len(pieces), said
    for beginning, end in pieces.items():
        assert any(
            each.startswith(f"suppliers: {beginning}") and each.endswith(end) for each in sentences
        ), (beginning, said)


@pytest.mark.skipif(
    not (ROOT / "clients/typescript/node_modules").exists(),
    reason="no packages to make types with: npm --prefix clients/typescript ci",
)
def test_whoever_follows_them_gets_what_they_promise(follower: Follower) -> None:
    for page in ALL:
        for step in howto.steps(page):
            follower.follow(step)
    assert follower.left.count(MAKE) == len(ALL)
    follower.must(".venv/bin/ruff check . && .venv/bin/ruff format --check .")
    follower.must(MAKE)
    asked = [line.removeprefix(PYTEST) for line in follower.left if line.startswith(PYTEST)]
    assert len(asked) == len(ALL)
    assert CHECK in asked[0]
    follower.must(PYTEST + " ".join(asked))


def test_a_block_that_names_no_file_or_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(howto, "PAGES", tmp_path)
    (tmp_path / "page.md").write_text("```python\nx = 1\n```\n")
    with pytest.raises(CannotFollow, match="names no file"):
        [*howto.steps("page.md")]
    (tmp_path / "page.md").write_text("```diff file=a.py\n y = 1\n+x = 1\n```\n")
    (tmp_path / "a.py").write_text("z = 1\n")
    [step] = howto.steps("page.md")
    with pytest.raises(CannotFollow, match="0 places"):
        howto.apply(step, to=tmp_path)
    (tmp_path / "a.py").write_text("y = 1\nz = 1\n")
    howto.apply(step, to=tmp_path)
    assert (tmp_path / "a.py").read_text() == "y = 1\nx = 1\nz = 1\n"
