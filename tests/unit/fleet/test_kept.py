"""Texts of migrations that outlive a process: whole and of this very code, or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_django import Settings

from public_apps.tenants import schema_creation
from public_apps.tenants.schema_migrations import kept

TEXTS = {("votes", "0001_initial"): "CREATE TABLE one ();\n", ("votes", "0002_more"): "SELECT 1;"}


@pytest.fixture
def folder(db: None, settings: Settings, tmp_path: Path) -> Path:
    """A folder of this test's, which nobody has made yet."""
    settings.PLAN_TEXTS = str(tmp_path / "texts")
    return tmp_path / "texts"


def the_file(folder: Path) -> Path:
    """Return the one file that was kept."""
    (path,) = folder.iterdir()
    return path


def test_a_later_process_builds_by_what_an_earlier_one_kept(
    db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = dict(kept.recall())  # a run that keeps some has spared itself all but a few renderings
    settings.PLAN_TEXTS = str(tmp_path)
    if texts:
        texts.pop(max(texts))
        kept.keep(texts)
    monkeypatch.setattr(schema_creation, "_from_nothing", [])
    schema_creation.build_tenant()
    (first,) = schema_creation._from_nothing
    assert kept.recall() == first.texts
    assert len(first.texts) > len(texts)

    monkeypatch.setattr(schema_creation, "_from_nothing", [])
    schema_creation.build_tenant()  # which holds it against what this code wants
    (later,) = schema_creation._from_nothing
    assert later.texts == first.texts
    assert not any(step.works for step in later.steps if step.text is not None)


def test_what_is_kept_is_found_again_and_is_nobody_elses(folder: Path) -> None:
    assert kept.recall() == {}
    kept.keep(TEXTS)
    assert kept.recall() == TEXTS
    assert the_file(folder).stat().st_mode & 0o777 == 0o600
    kept.keep({})
    assert kept.recall() == {}
    the_file(folder)  # no half of one is left


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEFAULT_TABLESPACE", "elsewhere"),
        ("MIGRATION_MODULES", {"orchard": "tests.fleet.orchard.gaps.migrations"}),
        ("TENANT_APPS", ["tenant_apps.home"]),
    ],
)
def test_other_code_finds_nothing(
    folder: Path, settings: Settings, name: str, value: object
) -> None:
    kept.keep(TEXTS)
    setattr(settings, name, value)
    kept._code.cache_clear()
    try:
        assert kept.recall() == {}
    finally:
        kept._code.cache_clear()


@pytest.mark.parametrize("damage", ["cut", "changed", "another shape", "a folder"])
def test_what_is_damaged_counts_as_not_there(folder: Path, damage: str) -> None:
    kept.keep(TEXTS)
    path = the_file(folder)
    before = path.read_text()
    path.unlink()
    match damage:
        case "cut":
            path.write_text(before[: len(before) // 2])
        case "changed":
            path.write_text(before.replace("TABLE one", "TABLE two"))
        case "another shape":
            path.write_text(json.dumps(["steps"]))
        case _:
            path.mkdir()
    assert kept.recall() == {}


def test_without_a_folder_or_with_one_that_takes_nothing_all_goes_on(
    folder: Path, settings: Settings
) -> None:
    folder.write_text("a file where a folder should be")
    kept.keep(TEXTS)
    assert kept.recall() == {}
    settings.PLAN_TEXTS = ""
    kept.keep(TEXTS)
    assert kept.recall() == {}
