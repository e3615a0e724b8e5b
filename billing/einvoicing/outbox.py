"""The outbox of documents: each is promised once, and tried until the provider has it.

Nobody promises as a document is written: a sweep finds those without a row, so that none can be
forgotten, however it came to us.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast, Now

from billing import deadlines
from billing.documents import document, month, numbers
from billing.documents.document import Document
from billing.documents.month import Month
from billing.einvoicing.provider import Receipt, Refused, Unavailable, is_on, provider
from billing.models import CreditNote, DocumentKind, EInvoice, Invoice, ManualPayment
from public_apps.core import clock, jobs
from public_apps.core.backoff import backoff
from public_apps.core.sweeps import Sweep

log = structlog.get_logger(__name__)
JOBS = "einvoice"  # what the locks of their jobs begin with
PATIENCE_SECONDS = 60.0
MAX_ATTEMPTS = 40
LONGEST_WAIT = timedelta(hours=1)  # together more than a day
# What is older was promised long ago, or waits for `manage.py invoices send`.
LOOK_BACK = timedelta(days=62)
MOST_AT_ONCE = 500


# --- Promising ------------------------------------------------------------------------------------


def promise_new(*, now: datetime | None = None) -> int:
    """Promise every document of the last two months that is to be passed on; return how many."""
    if not is_on():
        return 0
    now = now or clock.now()
    numbers.number_all()
    return promise(since=max(_first_day(), now - LOOK_BACK), until=now)


def promise_month(wanted: Month) -> int:
    """Promise every document of a month that has not been, whenever that was; return how many."""
    numbers.number_all()
    return promise(since=wanted.begins, until=wanted.ends)


def promise(*, since: datetime, until: datetime) -> int:
    """Promise what was issued or voided within this time, each once; return how many were new."""
    found = list(_unpromised(since, until))
    made = EInvoice.objects.bulk_create(found, ignore_conflicts=True)
    return len(made)


def _first_day() -> datetime:
    since = settings.EINVOICING.since
    assert since is not None  # noqa: S101 - no provider is set up without it
    return datetime.combine(since, time.min, tzinfo=month.zone())


def _unpromised(since: datetime, until: datetime) -> Iterator[EInvoice]:
    for kind, rows in _of_stripe():
        issued = rows.filter(issued_at__gte=since, issued_at__lt=until)
        yield from _without(issued, kind, cancels=False)
        voided = rows.filter(voided_at__gte=since, voided_at__lt=until)
        passed_on = voided.filter(Exists(_promised(kind, cancels=False)))
        yield from _without(passed_on, kind, cancels=True)
    recorded = ManualPayment.objects.filter(recorded_at__gte=since, recorded_at__lt=until)
    paid = recorded.exclude(number="").filter(Q(amount__gt=0) | Q(corrects__amount__gt=0))
    yield from _without(paid, DocumentKind.MANUAL_PAYMENT, cancels=False)


def _of_stripe() -> Iterator[tuple[DocumentKind, QuerySet[Any]]]:
    # Nothing is due on a trial's invoice, and the authority need not hear of it.
    invoices = Invoice.objects.filter(total__gt=0).exclude(status__in=("", "draft"))
    yield DocumentKind.INVOICE, invoices
    yield DocumentKind.CREDIT_NOTE, CreditNote.objects.filter(total__gt=0)


def _promised(kind: DocumentKind, *, cancels: bool) -> QuerySet[EInvoice]:
    same = Cast(OuterRef("pk"), models.CharField())
    return EInvoice.objects.filter(kind=kind, document_id=same, cancels=cancels)


def _without(rows: QuerySet[Any], kind: DocumentKind, *, cancels: bool) -> Iterator[EInvoice]:
    """Yield new rows for documents that have none of this sort."""
    lacking = rows.exclude(Exists(_promised(kind, cancels=cancels))).order_by("pk")
    for each in lacking[:MOST_AT_ONCE]:
        yield EInvoice(
            kind=kind,
            document_id=str(each.pk),
            cancels=cancels,
            number=each.number,
            tenant_id=each.tenant_id,
        )


# --- Sending --------------------------------------------------------------------------------------


def waiting() -> QuerySet[EInvoice]:
    """Return what is neither sent nor given up."""
    return EInvoice.objects.filter(sent_at=None, failed_at=None, unwanted_at=None)


def _due() -> QuerySet[EInvoice]:
    """Return rows whose time has come and that no job waits for."""
    if not is_on():
        return EInvoice.objects.none()
    return jobs.without_job(waiting().filter(next_attempt_at__lte=Now()), lock=JOBS)


def enqueue(row: EInvoice) -> None:
    """Enqueue a row's job unless it is waiting."""
    jobs.defer_once("billing.send_einvoice", lock=f"{JOBS}:{row.pk}", einvoice_id=row.pk)


SWEEP: Sweep[EInvoice] = Sweep(
    name="sweep_einvoices",
    rows=_due,
    work=enqueue,
    named=lambda row: f"document {row.kind}:{row.document_id}",
    order=("next_attempt_at",),
    most=MOST_AT_ONCE,
)


@transaction.atomic
def send(*, einvoice_id: int) -> None:
    """Try one row under its lock; a failure is recorded with the time of the next try."""
    found = EInvoice.objects.select_for_update(of=("self",), skip_locked=True)
    row = found.filter(pk=einvoice_id).first()
    if row is None or not is_on() or not _is_due(row):
        return
    issued = document.find(row.kind, row.document_id)
    first = _first_of(row)
    if issued is None or _is_unwanted(row, issued, first):
        row.unwanted_at = clock.now()
    else:
        _try(row, issued, mark=first.mark if first else "")
    row.save()


def _is_due(row: EInvoice) -> bool:
    over = row.sent_at or row.failed_at or row.unwanted_at
    return not over and row.next_attempt_at <= clock.now()


def _first_of(row: EInvoice) -> EInvoice | None:
    """Return the row by which the document itself is sent."""
    same = EInvoice.objects.filter(kind=row.kind, document_id=row.document_id)
    return same.filter(cancels=False).first()


def _is_unwanted(row: EInvoice, issued: Document, first: EInvoice | None) -> bool:
    """Whether nobody has to hear of it: voided before it was sent, or taking back what never was."""
    if not row.cancels:
        return issued.voided_at is not None
    return first is None or first.unwanted_at is not None


def _try(row: EInvoice, issued: Document, *, mark: str) -> None:
    row.attempts += 1
    try:
        _note(row, deadlines.within(PATIENCE_SECONDS, lambda: _passed_on(row, issued, mark=mark)))
    except Refused as refusal:
        _give_up(row, str(refusal))
    except Exception as error:  # noqa: BLE001 - the boundary: recorded, tried again, given up at last
        _put_off(row, error)


def _passed_on(row: EInvoice, issued: Document, *, mark: str) -> Receipt:
    if not row.cancels:
        return provider().issue(issued)
    if not mark:
        raise Unavailable("The document itself is not passed on yet.")
    return provider().cancel(issued, mark=mark)


def _note(row: EInvoice, receipt: Receipt) -> None:
    row.mark, row.url = receipt.mark[:60], receipt.url[:2000]
    row.sent_at, row.error = clock.now(), ""
    log.info("document passed on", document=f"{row.kind}:{row.document_id}", mark=row.mark)


def _put_off(row: EInvoice, error: Exception) -> None:
    row.error = f"{type(error).__name__}: {error}"[:500]
    if row.attempts >= MAX_ATTEMPTS:
        _give_up(row, row.error)
        return
    row.next_attempt_at = clock.now() + backoff(row.attempts, longest=LONGEST_WAIT)
    log.warning("document not passed on", document=f"{row.kind}:{row.document_id}", error=row.error)


def _give_up(row: EInvoice, reason: str) -> None:
    row.error, row.failed_at = reason[:500], clock.now()
    log.error("document given up", document=f"{row.kind}:{row.document_id}", error=row.error)


def retry(row: EInvoice) -> bool:
    """Let one that was given up, or that waits, be tried now; return whether it is one of them."""
    again = EInvoice.objects.filter(pk=row.pk, sent_at=None, unwanted_at=None).update(
        failed_at=None, attempts=0, next_attempt_at=clock.now()
    )
    if again:
        enqueue(row)
    return bool(again)
