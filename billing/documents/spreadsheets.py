"""A month's entries as a table: CSV that a Greek Excel opens as it is, or an Excel workbook.

In no cell is anything taken for a formula, whatever somebody has called their firm.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils.translation import gettext_lazy as _

from billing.documents.month import Entry, zone
from public_apps.core.templatetags.money import WHOLE

BOM = "\ufeff"
# What spreadsheets take for the beginning of a formula, and its full-width letters.
FORMULA = tuple("=+-@\t\r\n|%" + "\uff1d\uff0b\uff0d\uff20")
Value = str | Decimal | date | None
COLUMNS: tuple[tuple[Any, Callable[[Entry], Value]], ...] = (
    (_("Kind"), lambda each: each.kind),
    (_("Number"), lambda each: each.number),
    (_("Date"), lambda each: each.at.astimezone(zone()).date()),
    (_("Status"), lambda each: each.status),
    (_("About"), lambda each: each.about),
    (_("Workspace"), lambda each: each.workspace),
    (_("Buyer"), lambda each: each.buyer.name),
    (_("Address"), lambda each: each.buyer.address),
    (_("Country"), lambda each: each.buyer.country),
    (_("VAT number"), lambda each: each.buyer.tax_id),
    (_("Currency"), lambda each: each.currency.upper()),
    (_("Net"), lambda each: _amount(each.net, each.currency)),
    (_("VAT"), lambda each: _amount(each.tax, each.currency)),
    (_("Total"), lambda each: _amount(each.total, each.currency)),
    (_("Given back"), lambda each: _amount(each.refunded, each.currency)),
    (_("VAT in parts"), lambda each: "; ".join(_tax(tax, each.currency) for tax in each.taxes)),
    (_("Reverse charge"), lambda each: str(_("yes")) if each.reverse_charge else ""),
    (_("Lines"), lambda each: "; ".join(_line(line, each.currency) for line in each.lines)),
    (_("MARK"), lambda each: each.mark),
    (_("Reference"), lambda each: each.reference),
)


def as_csv(entries: Iterable[Entry]) -> bytes:
    """Return a table with semicolons and decimal commas, in UTF-8 with its byte order mark."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([str(title) for title, _value in COLUMNS])
    for entry in entries:
        writer.writerow([_in_csv(value(entry)) for _title, value in COLUMNS])
    return (BOM + written.getvalue()).encode()


def as_xlsx(entries: Iterable[Entry], *, title: str) -> bytes:
    """Return an Excel workbook of one sheet; amounts are numbers, dates are dates, all else is text."""
    written = io.BytesIO()
    workbook = xlsxwriter.Workbook(written, {"in_memory": True})
    sheet = workbook.add_worksheet(title)
    formats = {
        Decimal: workbook.add_format({"num_format": "#,##0.00"}),
        date: workbook.add_format({"num_format": "yyyy-mm-dd"}),
    }
    bold = workbook.add_format({"bold": True})
    for column, (name, _value) in enumerate(COLUMNS):
        sheet.write_string(0, column, str(name), bold)
    for row, entry in enumerate(entries, start=1):
        for column, (_name, value) in enumerate(COLUMNS):
            _write_cell(sheet, row, column, value(entry), formats)
    sheet.freeze_panes(1, 0)
    workbook.close()
    return written.getvalue()


def _write_cell(sheet: Any, row: int, column: int, value: Value, formats: dict[type, Any]) -> None:
    if isinstance(value, Decimal):
        sheet.write_number(row, column, value, formats[Decimal])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats[date])
    elif value:
        sheet.write_string(row, column, value)  # text, whatever it begins with


def _in_csv(value: Value) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, date):
        return value.isoformat()
    return harmless(value or "")


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe keeps it one."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) else text


def _amount(minor_units: int | None, currency: str) -> Decimal | None:
    if minor_units is None:
        return None
    places = 0 if currency in WHOLE else 2
    return Decimal(minor_units).scaleb(-places)


def _tax(tax: dict[str, Any], currency: str) -> str:
    rate = f"{tax.get('rate')}%" if tax.get("rate") is not None else ""
    parts = (tax.get("country"), tax.get("name"), rate, _amount(tax["amount"], currency))
    return " ".join(str(part) for part in parts if part not in (None, ""))


def _line(line: dict[str, Any], currency: str) -> str:
    return f"{line['description']} {_amount(line['amount'], currency)}"
