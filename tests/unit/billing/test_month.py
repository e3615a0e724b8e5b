"""What an accountant finds in a month: everything once, and nothing that changes afterwards."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import manual_mode
from billing.documents import month, numbers
from billing.documents.month import Entry, Month
from billing.models import EInvoice, ManualPayment
from public_apps.core import errors
from tests.unit.billing import documents
from tests.unit.billing.documents import MIDDLE

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = Month(year=2026, number=10), Month(year=2026, number=11)


def told(wanted: Month) -> list[tuple[str, str, int | None]]:
    """Return kind, number and total of each entry."""
    return [(each.kind, each.number, each.total) for each in month.entries(wanted)]


def one(wanted: Month, kind: str) -> Entry:
    """Return the only entry of a kind."""
    [entry] = [each for each in month.entries(wanted) if each.kind == kind]
    return entry


def test_a_month_begins_and_ends_at_midnight_in_athens_winter_or_summer() -> None:
    assert OCTOBER.begins == datetime(2026, 9, 30, 21, tzinfo=UTC)  # summer time still
    assert OCTOBER.ends == NOVEMBER.begins == datetime(2026, 10, 31, 22, tzinfo=UTC)
    assert Month(year=2026, number=12).ends == datetime(2026, 12, 31, 22, tzinfo=UTC)
    first = documents.invoice(at=OCTOBER.begins)
    last = documents.invoice(at=OCTOBER.ends - timedelta(microseconds=1))
    after = documents.invoice(at=OCTOBER.ends)
    assert [number for _kind, number, _total in told(OCTOBER)] == [first.number, last.number]
    assert [number for _kind, number, _total in told(NOVEMBER)] == [after.number]


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-00", "10-2026", "2026-1", "9999-12"])
def test_a_month_that_is_none_is_refused_by_field(text: str) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        month.read_month(text)
    assert refusal.value.errors == {"month": ["Write the month as 2026-10."]}


def test_an_invoice_that_was_given_back_stands_there_with_credit_note_and_refund() -> None:
    invoice = documents.invoice(amount_credited=4900)
    documents.credit_note(invoice, at=MIDDLE + timedelta(days=1))
    documents.refund(invoice, at=MIDDLE + timedelta(days=1, seconds=1))
    assert told(OCTOBER) == [
        ("invoice", invoice.number, 4900),
        ("credit_note", f"{invoice.number}-CN-01", -4900),
        ("refund", "", None),
    ]
    refund, credit = one(OCTOBER, "refund"), one(OCTOBER, "credit_note")
    assert (refund.refunded, refund.about) == (4900, invoice.number)
    assert (refund.buyer.name, credit.about) == ("Sunny Court OE", invoice.number)
    assert (credit.net, credit.tax, credit.taxes[0]["amount"]) == (-3952, -948, -948)


def test_what_is_voided_later_leaves_the_month_before_as_it_was() -> None:
    invoice = documents.invoice(status="open")
    before = told(OCTOBER)
    invoice.status, invoice.voided_at = "void", NOVEMBER.begins + timedelta(days=3)
    invoice.save()
    assert told(OCTOBER) == before == [("invoice", invoice.number, 4900)]
    assert told(NOVEMBER) == [("invoice_voided", invoice.number, -4900)]


def test_a_credit_note_that_is_voided_counts_back() -> None:
    note = documents.credit_note(documents.invoice(at=MIDDLE - timedelta(days=60)))
    note.status, note.voided_at = "void", MIDDLE + timedelta(days=1)
    note.save()
    assert [total for _kind, _number, total in told(OCTOBER)] == [-4900, 4900]


def test_drafts_failed_refunds_and_what_stripe_took_away_are_not_there() -> None:
    documents.invoice(status="draft", issued_at=None)
    documents.refund(documents.invoice(at=NOVEMBER.begins), status="failed")
    assert told(OCTOBER) == []


def test_payments_by_hand_are_numbered_by_year_without_gaps() -> None:
    first, second = documents.payment("BANK-1"), documents.payment("BANK-2")
    year = datetime.now(tz=month.zone()).year
    assert (first.number, second.number) == (f"MP-{year}-00001", f"MP-{year}-00002")
    with pytest.raises(errors.Conflict):  # the same reference: nothing is kept, no number either
        documents.payment("BANK-2")
    old = ManualPayment.objects.create(  # by a process of the release before
        tenant=first.tenant, amount=1, reference="BANK-3", paid_until=MIDDLE, recorded_at=MIDDLE
    )
    numbers.number_all()
    old.refresh_from_db()
    assert old.number == ("MP-2026-00003" if year == 2026 else "MP-2026-00001")


def test_a_correction_counts_as_what_it_changes() -> None:
    wrong = documents.payment("BANK-1", amount=12000, tax=2323)
    right = manual_mode.correct_payment(
        payment=wrong, amount=10000, tax=1935, reference="BANK-1b", paid_until=None, by="anna"
    )
    ManualPayment.objects.filter(pk=right.pk).update(recorded_at=MIDDLE + timedelta(days=1))
    assert [total for _kind, _number, total in told(OCTOBER)] == [12000, -2000]
    correction = one(OCTOBER, "manual_payment_corrected")
    assert (correction.about, correction.tax, correction.net) == (wrong.number, -388, -1612)
    assert sum(each.total or 0 for each in month.entries(OCTOBER)) == 10000


def test_more_tax_than_money_is_refused_by_field() -> None:
    with pytest.raises(errors.Invalid) as refusal:
        documents.payment("BANK-1", amount=100, tax=101)
    assert "tax" in refusal.value.errors


def test_the_authoritys_number_stands_beside_the_document() -> None:
    invoice = documents.invoice()
    EInvoice.objects.create(
        kind="invoice", document_id=invoice.pk, mark="400001234567890", sent_at=MIDDLE
    )
    assert one(OCTOBER, "invoice").mark == "400001234567890"


def test_a_month_costs_the_same_queries_however_full_it_is() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            month.entries(OCTOBER)
        return len(seen)

    documents.refund(documents.invoice())
    few = queries()
    for _each in range(20):
        documents.credit_note(documents.invoice())
        documents.refund(documents.invoice())
    assert queries() == few


def test_the_command_writes_the_file_or_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invoice = documents.invoice()
    documents.invoice(total=None, net=None, issued_at=None)  # as the release before left it
    path = tmp_path / "october.xlsx"
    call_command("invoices", "export", "--month=2026-10", "--format=xlsx", f"--output={path}")
    said = capsys.readouterr()
    assert f"{path}: 1 entries." in said.out
    assert "1 invoices of this month are left out" in said.err
    assert path.read_bytes().startswith(b"PK")
    call_command("invoices", "export", "--month", "2026-10")
    written = capsys.readouterr().out
    assert written.startswith("\ufeffKind;Number;")
    rows = list(csv.DictReader(io.StringIO(written.lstrip("\ufeff")), delimiter=";"))
    assert [(row["Number"], row["Total"]) for row in rows] == [(invoice.number, "49,00")]
    with pytest.raises(CommandError, match="2026-10"):
        call_command("invoices", "export", "--month", "October")
    with pytest.raises(CommandError, match="--output"):
        call_command("invoices", "export", "--month=2026-10", f"--output={tmp_path}")
