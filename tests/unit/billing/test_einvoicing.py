"""Documents on their way to the tax authority: each once, tried again, and seen when it fails."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from billing.documents.document import Document
from billing.einvoicing import outbox
from billing.einvoicing.provider import Receipt, Refused, Unavailable
from billing.models import EInvoice, EInvoiceStatus
from public_apps.monitoring.models import Incident
from staff.alerts import checks
from tests.unit.billing import documents

pytestmark = pytest.mark.django_db
FILES = "billing.einvoicing.file_provider.FileProvider"


class Moody:
    """A provider that is away, refuses, or is itself again; it remembers what it was given."""

    mood: Exception | None = None
    seen: list[str] = []

    def issue(self, document: Document) -> Receipt:
        """Take a document."""
        return self._answer(document.key)

    def cancel(self, document: Document, *, mark: str) -> Receipt:
        """Take one back."""
        return self._answer(f"{mark} back")

    def _answer(self, key: str) -> Receipt:
        if self.mood is not None:
            raise self.mood
        Moody.seen.append(key)
        return Receipt(mark=f"400{len(Moody.seen):012d}", url="https://mydata.example/1")


@pytest.fixture
def now() -> Any:
    """The moment at which documents are issued here."""
    return timezone.now() - timedelta(minutes=5)


def passing_on(provider: str, folder: str = "") -> Any:
    """Return settings with a provider."""
    since = date.today() - timedelta(days=10)  # noqa: DTZ011 - a day is enough
    chosen = dataclasses.replace(settings.EINVOICING, provider=provider, since=since, folder=folder)
    return override_settings(EINVOICING=chosen)


@pytest.fixture
def moody() -> Iterator[type[Moody]]:
    """A provider in a good mood."""
    Moody.mood, Moody.seen = None, []
    with passing_on(f"{__name__}.Moody"):
        yield Moody


def send_all() -> None:
    """Do what the worker does in a minute, and have every job done."""
    outbox.promise_new()
    for row in outbox.waiting().order_by("pk"):
        outbox.send(einvoice_id=row.pk)


def again() -> None:
    """Let the time of every try come now."""
    EInvoice.objects.update(next_attempt_at=timezone.now())
    send_all()


def test_every_kind_of_document_is_sent_once_and_bears_its_mark(
    moody: type[Moody], now: Any
) -> None:
    invoice = documents.invoice(at=now)
    note = documents.credit_note(invoice, at=now)
    payment = documents.payment("BANK-1", at=now)
    for _time in range(2):
        send_all()
    assert sorted(moody.seen) == sorted(
        [f"invoice:{invoice.pk}", f"credit_note:{note.pk}", f"manual_payment:{payment.pk}"]
    )
    row = EInvoice.objects.get(kind="invoice", document_id=invoice.pk)
    assert (row.status, row.number, row.attempts) == (EInvoiceStatus.SENT, invoice.number, 1)
    assert row.mark.startswith("400")
    assert row.tenant == invoice.tenant


def test_drafts_trials_and_what_is_older_than_the_first_day_are_not_sent(
    moody: type[Moody], now: Any
) -> None:
    documents.invoice(at=now, status="draft", issued_at=None)
    documents.invoice(at=now, total=0, net=0, tax=0, amount_paid=0)
    # Ten days before today, by the calendar of Athens, which may be a day ahead of this machine's.
    documents.invoice(at=now - timedelta(days=12))
    send_all()
    assert not EInvoice.objects.exists()
    wanted = outbox.promise(since=now - timedelta(days=13), until=now)
    assert wanted == 1  # by `manage.py invoices send`


def test_an_absent_provider_is_tried_again_later_and_given_up_at_last(
    moody: type[Moody], now: Any
) -> None:
    documents.invoice(at=now)
    moody.mood = Unavailable("myDATA is closed for the night")
    send_all()
    row = EInvoice.objects.get()
    assert row.status is EInvoiceStatus.WAITING
    assert row.next_attempt_at > timezone.now()
    assert "closed for the night" in row.error
    send_all()  # its time has not come
    assert EInvoice.objects.get().attempts == 1
    EInvoice.objects.update(attempts=outbox.MAX_ATTEMPTS - 1)
    again()
    assert EInvoice.objects.get().status is EInvoiceStatus.FAILED
    moody.mood = None
    assert outbox.retry(EInvoice.objects.get())
    send_all()
    assert EInvoice.objects.get().status is EInvoiceStatus.SENT
    assert not outbox.retry(EInvoice.objects.get())


def test_a_refused_document_and_a_broken_provider_open_an_incident_that_ends(
    moody: type[Moody], now: Any
) -> None:
    invoice = documents.invoice(at=now)
    moody.mood = Refused("The buyer's number is unknown.")
    send_all()
    row = EInvoice.objects.get()
    assert (row.status, row.attempts) == (EInvoiceStatus.FAILED, 1)
    checks.run()
    incident = Incident.objects.get(kind="einvoice_failing", closed_at=None)
    assert invoice.number in incident.lines[0]
    assert "unknown" in incident.lines[0]
    moody.mood = None
    outbox.retry(row)
    send_all()
    checks.run()
    assert not Incident.objects.filter(kind="einvoice_failing", closed_at=None).exists()


def test_one_that_stays_away_for_a_quarter_of_an_hour_is_told_as_well(
    moody: type[Moody], now: Any
) -> None:
    documents.invoice(at=now)
    moody.mood = ValueError("a bug of the provider")
    send_all()
    assert checks.einvoice_failing(timezone.now()) == {}
    EInvoice.objects.update(attempts=checks.VAIN_PASSINGS_ON - 1)
    again()
    found = checks.einvoice_failing(timezone.now())
    assert found
    assert "a bug of the provider" in found[""][0]


def test_what_is_voided_is_taken_back_under_its_mark_or_never_sent(
    moody: type[Moody], now: Any
) -> None:
    sent, unsent = documents.invoice(at=now), documents.invoice(at=now)
    outbox.promise_new()
    outbox.send(einvoice_id=EInvoice.objects.get(document_id=sent.pk).pk)
    mark = EInvoice.objects.get(document_id=sent.pk).mark
    for each in (sent, unsent):
        each.status, each.voided_at = "void", timezone.now()
        each.save()
    again()
    again()
    assert moody.seen == [f"invoice:{sent.pk}", f"{mark} back"]
    assert EInvoice.objects.get(document_id=sent.pk, cancels=True).status is EInvoiceStatus.SENT
    kinds = {each.status for each in EInvoice.objects.filter(document_id=unsent.pk)}
    assert kinds == {EInvoiceStatus.UNWANTED}


def test_nothing_is_promised_without_a_provider(now: Any) -> None:
    documents.invoice(at=now)
    assert outbox.promise_new() == 0
    assert outbox.SWEEP.batch(10) == []
    assert not EInvoice.objects.exists()


def test_the_stand_in_writes_a_file_and_the_same_one_again(tmp_path: Path, now: Any) -> None:
    invoice = documents.invoice(at=now, number="A/B 1")
    with passing_on(FILES, str(tmp_path)):
        send_all()
        [path] = tmp_path.glob("*/*.json")
        first = path.read_text()
        EInvoice.objects.update(sent_at=None)  # a crash between its answer and our note of it
        again()
    assert [*tmp_path.glob("*/*")] == [path]
    assert path.read_text() == first
    said = json.loads(first)
    assert said["mark"] == EInvoice.objects.get().mark
    assert said["document"]["number"] == invoice.number
    assert said["document"]["buyer"]["tax_id"] == "EL094014201"
    assert said["document"]["taxes"][0]["rate"] == "24"


def test_a_folder_that_can_not_be_written_is_tried_again(tmp_path: Path, now: Any) -> None:
    documents.invoice(at=now)
    (tmp_path / "file").write_text("in the way")
    with passing_on(FILES, str(tmp_path / "file")):
        send_all()
    row = EInvoice.objects.get()
    assert row.status is EInvoiceStatus.WAITING
    assert row.error.startswith("Unavailable: EINVOICE_FOLDER")
