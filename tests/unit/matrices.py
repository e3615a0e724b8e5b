"""Tables of who may do what: a row for each deed, a column for each who asks, a status in each cell.

People decide the cells; tests ask each of them. `NEW_ROWS=write` before the test adds the rows and
columns that a table lacks, with a question mark behind what was answered: a cell that bears one
fails until somebody has judged it and taken the mark away. No cell that is decided is ever rewritten.
`MATRIX_COLUMNS=owner,support` asks in the names of these alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devstack.processes import ROOT

Cells = dict[str, dict[str, str]]
UNDECIDED = "?"
WRITE = "NEW_ROWS"
_ONLY = frozenset(filter(None, os.environ.get("MATRIX_COLUMNS", "").split(",")))


def is_asked(column: str) -> bool:
    """Whether this run asks in the name of a column."""
    return not _ONLY or column in _ONLY


@dataclass(frozen=True)
class Matrix:
    """One table, as it stands in its file."""

    path: Path
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Cells

    @classmethod
    def read(cls, path: Path) -> Matrix:
        """Read a table: notes behind `#`, a line of columns, a line for each row."""
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        notes = tuple(line for line in lines if line.startswith("#"))
        header, *rows = [line.split() for line in lines if line and line not in notes] or [[""]]
        columns = tuple(header[1:])
        cells: Cells = {}
        for name, *row in rows:
            assert len(row) == len(columns), f"{path.name}: {name} has {len(row)} cells"
            assert name not in cells, f"{path.name}: {name} has two rows"
            cells[name] = dict(zip(columns, row, strict=True))
        return cls(path, notes, columns, cells)

    def check(self, found: Cells) -> None:
        """Fail with a sentence for each cell that isn't as it was answered, or was not decided."""
        wrong = [*self.missing(found), *self.wrong(found)]
        if wrong and os.environ.get(WRITE) == "write":
            self.merged(found).write()
        if wrong:
            pytest.fail("\n".join(wrong), pytrace=False)

    def missing(self, found: Cells) -> Iterator[str]:
        """Yield what has no row or column here, and what has one for nothing."""
        here = self.path.relative_to(ROOT)
        mend = f"run this test with {WRITE}=write, then judge each of its cells in {here}."
        for name in sorted(found.keys() - self.cells.keys()):
            yield f"{name} has no row: {mend}"
        for name in sorted(self.cells.keys() - found.keys()):
            yield f"{name} has a row in {here}, and is nothing that anybody can do."
        asked = {column for row in found.values() for column in row}
        for column in sorted(asked - set(self.columns)):
            yield f"{column} has no column: {mend}"
        for column in sorted(filter(is_asked, set(self.columns) - asked)):
            yield f"{column} has a column in {here}, and nobody asks."

    def wrong(self, found: Cells) -> Iterator[str]:
        """Yield the cells that nobody has decided, and those that the product answers otherwise."""
        for name, row in self.cells.items():
            for column, right in row.items():
                answered = found.get(name, {}).get(column, right)
                if right.endswith(UNDECIDED) and is_asked(column):
                    yield f"{name}, {column}: nobody has decided whether {right[:-1]} is right."
                elif answered != right and is_asked(column):
                    yield f"{name}, {column}: {right} is right, and {answered} is answered."

    def merged(self, found: Cells) -> Matrix:
        """Return the table with what it lacks, undecided, and without what is no more."""
        asked = dict.fromkeys(each for row in found.values() for each in row)
        columns = [each for each in self.columns if each in asked or not is_asked(each)]
        columns += [each for each in asked if each not in columns]
        cells = {
            name: {
                column: self.cells.get(name, {}).get(column, f"{row.get(column, '-')}{UNDECIDED}")
                for column in columns
            }
            for name, row in sorted(found.items())
        }
        return Matrix(self.path, self.notes, tuple(columns), cells)

    def write(self) -> None:
        """Write the table to its file."""
        lines = [("", *self.columns), *((name, *row.values()) for name, row in self.cells.items())]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        lines[0] = ("operation", *self.columns)
        widths[0] = max(widths[0], len("operation"))
        text = [
            "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        self.path.write_text("\n".join([*self.notes, *text, ""]), encoding="utf-8")
