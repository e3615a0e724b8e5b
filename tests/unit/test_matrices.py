"""A table of who may do what fails for whatever nobody has decided, and rewrites no decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from devstack.processes import ROOT
from tests.unit import matrices
from tests.unit.matrices import Matrix

TABLE = """\
# Of gardens.
operation  owner  resident
list       200    empty
create     201    403
"""
FOUND = {
    "list": {"owner": "200", "resident": "empty"},
    "create": {"owner": "201", "resident": "403"},
}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a table in it."""
    monkeypatch.setattr(matrices, "ROOT", tmp_path)
    path = tmp_path / "matrix.txt"
    path.write_text(TABLE)
    return path


def told(table: Path, found: matrices.Cells) -> str:
    """Return what a test says of these answers."""
    with pytest.raises(pytest.fail.Exception) as failed:
        Matrix.read(table).check(found)
    return str(failed.value)


def test_what_is_answered_as_the_table_says_passes(table: Path) -> None:
    Matrix.read(table).check(FOUND)


def test_another_answer_is_told_by_its_cell(table: Path) -> None:
    found = {**FOUND, "create": {"owner": "201", "resident": "201"}}
    assert told(table, found) == "create, resident: 403 is right, and 201 is answered."


def test_a_new_deed_and_one_that_is_no_more_are_told(table: Path) -> None:
    said = told(table, {"list": FOUND["list"], "remove": {"owner": "204", "resident": "403"}})
    assert "remove has no row" in said
    assert "create has a row in matrix.txt, and is nothing that anybody can do." in said


def test_who_is_new_and_who_asks_no_more_are_told(table: Path) -> None:
    said = told(table, {name: {"owner": row["owner"], "key": "401"} for name, row in FOUND.items()})
    assert "key has no column" in said
    assert "resident has a column in matrix.txt, and nobody asks." in said


def test_what_is_written_has_to_be_decided_and_what_was_decided_stays(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(matrices.WRITE, "write")
    found = {**FOUND, "create": {"owner": "500", "resident": "403"}, "remove": {"owner": "204"}}
    told(table, found)
    written = Matrix.read(table)
    assert written.notes == ("# Of gardens.",)
    assert written.cells["create"] == {"owner": "201", "resident": "403"}
    assert written.cells["remove"] == {"owner": "204?", "resident": "-?"}
    said = told(table, {**FOUND, "remove": {"owner": "204", "resident": "-"}})
    assert "remove, owner: nobody has decided whether 204 is right." in said


def test_a_table_that_cant_be_read_is_refused(table: Path) -> None:
    table.write_text(TABLE + "remove 204\n")
    with pytest.raises(AssertionError, match="remove has 1 cells"):
        Matrix.read(table)
    table.write_text(TABLE + "list 200 200\n")
    with pytest.raises(AssertionError, match="list has two rows"):
        Matrix.read(table)


def test_no_table_of_ours_waits_for_a_decision() -> None:
    tables = sorted((ROOT / "tests" / "unit").rglob("matrix.txt"))
    assert tables
    for path in tables:
        assert matrices.UNDECIDED not in path.read_text(encoding="utf-8"), path
