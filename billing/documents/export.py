"""A month's documents as one file, for the command and for staff."""

from __future__ import annotations

from dataclasses import dataclass

from billing.documents import month as months
from billing.documents import spreadsheets

CSV, XLSX = "csv", "xlsx"
FORMATS = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file, how many entries are in it, and how many invoices are not: their sums are missing."""

    name: str
    content: bytes
    content_type: str
    rows: int
    incomplete: int


def made(*, month: str, form: str) -> Export:
    """Return a month that is written as 2026-10; raise `errors.Invalid` for anything else."""
    wanted = months.read_month(month)
    entries = months.entries(wanted)
    name = f"documents-{wanted}"
    as_workbook = form == XLSX
    return Export(
        name=f"{name}.{form}",
        content=spreadsheets.as_xlsx(entries, title=name)
        if as_workbook
        else spreadsheets.as_csv(entries),
        content_type=FORMATS[form],
        rows=len(entries),
        incomplete=months.incomplete(wanted),
    )
