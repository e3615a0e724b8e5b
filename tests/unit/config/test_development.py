"""When the development profile holds: in a checkout, for tools, and with no setting at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import development
from devstack.processes import ROOT

READ = re.compile(r'\benv,\s+"([A-Z][A-Z0-9_]+)"|\b_env,\s+"([A-Z][A-Z0-9_]+)"')
PYTEST = (["/x/bin/pytest", "tests/unit"], {"pytest", "sys"})
LISTED = sorted(development.settings_of(ROOT))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".env.example").write_text((ROOT / ".env.example").read_text())
    return tmp_path


def holds(
    root: Path, given: dict[str, str], argv: list[str] = PYTEST[0], modules: set[str] = PYTEST[1]
) -> bool:
    """Whether the profile adds anything to what is given."""
    return (
        development.completed(given, root=root, argv=argv, modules=modules).get("DATABASE_URL")
        == development.NOWHERE
    )


@pytest.mark.parametrize(
    ("argv", "modules"),
    [
        PYTEST,
        (["/editor/run_tests.py"], {"pytest"}),
        (["-c"], {"pytest", "xdist"}),
        (["/x/bin/mypy"], {"mypy"}),
        (["manage.py", "makemigrations", "--check"], set()),
        (["./manage.py", "openapi"], set()),
    ],
)
def test_it_holds_for_tools(checkout: Path, argv: list[str], modules: set[str]) -> None:
    assert holds(checkout, {"PATH": "/bin"}, argv, modules)


@pytest.mark.parametrize(
    ("argv", "modules"),
    [
        (["/x/bin/gunicorn"], {"gunicorn", "config.wsgi"}),
        (["/x/bin/pytest"], {"pytest", "config.wsgi"}),
        (["/x/bin/uvicorn"], set()),
        (["manage.py"], set()),
        (["manage.py", "worker"], {"pytest"}),
        (["manage.py", "migrate_fleet"], set()),
        (["manage.py", "--settings=x", "makemigrations"], set()),
        ([""], set()),
        ([], set()),
    ],
)
def test_it_holds_for_nothing_that_serves(
    checkout: Path, argv: list[str], modules: set[str]
) -> None:
    assert not holds(checkout, {"PATH": "/bin"}, argv, modules)


@pytest.mark.parametrize("name", [*LISTED, "RAILWAY_PROJECT_ID", "ANYMAIL_POSTMARK_SERVER_TOKEN"])
@pytest.mark.parametrize("value", ["", "x"])
def test_one_setting_ends_it(checkout: Path, name: str, value: str) -> None:
    assert not holds(checkout, {name: value})


def test_without_a_checkout_or_the_list_of_settings_it_does_not_hold(checkout: Path) -> None:
    (checkout / ".env.example").unlink()
    assert not holds(checkout, {})
    (checkout / ".env.example").write_text("")
    (checkout / ".git").rmdir()
    assert not holds(checkout, {})


def test_a_worktree_is_a_checkout_too(checkout: Path) -> None:
    (checkout / ".git").rmdir()
    (checkout / ".git").write_text("gitdir: /elsewhere\n")
    assert holds(checkout, {})


def test_every_setting_that_is_read_is_on_the_list_or_ends_it_by_its_beginning() -> None:
    sources = [path.read_text() for path in (ROOT / "config").glob("*.py")]
    names = {name for source in sources for pair in READ.findall(source) for name in pair if name}
    assert len(names) > 40, "the pattern finds them"
    unknown = {name for name in names if not name.startswith(development.BEGINNINGS)}
    assert unknown - {*LISTED} == {"QUICK_PASSWORDS"}, "that one counts only where DEBUG is on"


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-uv.txt"])
def test_no_lock_of_production_holds_a_tool_by_which_a_checkout_is_known(lock: str) -> None:
    pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", (ROOT / lock).read_text(), re.MULTILINE))
    assert pinned
    assert pinned.isdisjoint(development.TOOLS)
