"""A month's file: opened by Excel in Greece as it is, and no cell in it counts."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.documents import spreadsheets
from billing.documents.document import Party
from billing.documents.month import Entry

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EVIL = '=HYPERLINK("http://evil.example","Sunny")'
INVOICE = Entry(
    kind="invoice",
    number="ABC-0001",
    at=datetime(2026, 10, 31, 22, 30, tzinfo=UTC),
    status="paid",
    about="",
    workspace="Sunny Court",
    buyer=Party(
        name="Ηλιόλουστη Αυλή; εταιρεία",
        address="Ακτή 1, Πειραιάς",
        country="GR",
        tax_id="EL094014201",
    ),
    currency="eur",
    net=3952,
    tax=948,
    total=4900,
    taxes=[{"amount": 948, "rate": "24", "name": "VAT", "country": "GR"}],
    reverse_charge=False,
    lines=[{"description": "1 × Professional", "amount": 4900}],  # noqa: RUF001  # as Stripe writes
    reference="in_1",
)


def rows_of(content: bytes) -> list[dict[str, str]]:
    """Return the rows as a Greek Excel reads them."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def test_a_row_has_decimal_commas_the_day_in_athens_and_greek_letters() -> None:
    [row] = rows_of(spreadsheets.as_csv([INVOICE]))
    assert (row["Net"], row["VAT"], row["Total"], row["Given back"]) == (
        "39,52",
        "9,48",
        "49,00",
        "",
    )
    assert row["Date"] == "2026-11-01"
    assert row["Buyer"] == "Ηλιόλουστη Αυλή; εταιρεία"
    assert row["VAT in parts"] == "GR VAT 24% 9.48"
    assert row["Reverse charge"] == ""


def test_what_is_taken_back_is_negative_and_still_a_number() -> None:
    credit = replace(INVOICE, kind="credit_note", net=-3952, tax=-948, total=-4900)
    [row] = rows_of(spreadsheets.as_csv([credit]))
    assert row["Total"] == "-49,00"


@pytest.mark.parametrize("name", [EVIL, "+30 210", "-1", "@SUM(A1)", "\t=1", " =1+1", "\uff1d1+1"])
def test_no_name_becomes_a_formula(name: str) -> None:
    entry = replace(INVOICE, buyer=replace(INVOICE.buyer, name=name), workspace=name, number=name)
    [row] = rows_of(spreadsheets.as_csv([entry]))
    assert {row[column] for column in ("Buyer", "Workspace", "Number")} == {f"'{name}"}
    assert "<f>" not in _xml(spreadsheets.as_xlsx([entry], title="documents"))


@given(st.text(max_size=40))
def test_no_text_at_all_begins_like_a_formula(text: str) -> None:
    assert not spreadsheets.harmless(text).lstrip().startswith(("=", "+", "-", "@"))


def test_a_workbook_holds_numbers_as_numbers_and_texts_as_texts() -> None:
    evil = replace(INVOICE, workspace=EVIL)
    sheet = ElementTree.fromstring(_xml(spreadsheets.as_xlsx([evil], title="documents-2026-10")))  # noqa: S314 - our own
    _titles, row = sheet.findall(f".//{SHEET}row")
    kinds = {cell.get("r"): (cell.get("t"), cell.findtext(f"{SHEET}v")) for cell in row}
    assert kinds["N2"] == (None, "49.00")  # total
    assert kinds["C2"] == (None, "46327")  # 2026-11-01
    assert kinds["F2"] is not None
    assert kinds["F2"][0] == "s"  # a shared string: text


def _xml(workbook: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return parts.read("xl/worksheets/sheet1.xml").decode()
