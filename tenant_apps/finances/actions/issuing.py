"""Issuing a month: shares, charges and the ledger, all or nothing, once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.errors import Refused, StaleVersion
from tenant_apps.buildings import background_jobs
from tenant_apps.buildings.background_jobs import ReportLine, Tell
from tenant_apps.buildings.models import ALL_MILLS, Apartment, Work
from tenant_apps.finances import sharing
from tenant_apps.finances.actions.booking import BATCH, Holder, Transfer, open_books
from tenant_apps.finances.models import (
    Charge,
    Entry,
    EntryKind,
    Expense,
    Period,
    Share,
    Sharing,
    Status,
)
from tenant_apps.finances.parties import payers_of

# More shares than this are the worker's: they take seconds.
MOST_AT_ONCE = 2_000


class MillsDontSum(Refused):
    """The mills of a building's apartments must sum to a thousand first."""

    slug = "mills-dont-sum"


class NothingToIssue(Refused):
    """A month without expenses, or a building without apartments."""

    slug = "nothing-to-issue"


@dataclass(frozen=True)
class Reckoning:
    """What a month costs each apartment: unsaved shares, and why it can't be issued, if so."""

    expenses: list[Expense]
    apartments: list[Apartment]
    shares: list[Share]
    refusal: Refused | None

    def charges(self) -> Counter[Holder]:
        """Return what each owner or tenant owes, in cents."""
        owed: Counter[Holder] = Counter()
        for share in self.shares:
            owed[share.apartment_id, share.party] += share.amount
        return owed


def reckon(period: Period, *, lock: bool = False, tell: Tell | None = None) -> Reckoning:
    """Share a month's expenses, without writing anything; `lock` keeps the apartments as they are."""
    expenses = list(period.expenses.prefetch_related("choices").order_by("pk"))
    rows = Apartment.objects.filter(building=period.building_id).order_by("pk")
    apartments = list(rows.select_for_update(no_key=True) if lock else rows)
    refusal = _refusal(expenses, apartments)
    if refusal is not None:
        return Reckoning(expenses, apartments, [], refusal)
    payers = payers_of(apartments, month=period.month)
    mills = {apartment.pk: apartment.mills for apartment in apartments}
    shares = []
    for done, expense in enumerate(expenses, start=1):
        shares += [
            Share(
                expense=expense,
                apartment_id=key,
                party=payers[key][expense.paid_by],
                mills=mills[key],
                amount=amount,
            )
            for key, amount in _shared(expense, mills).items()
            if amount
        ]
        if tell is not None:
            tell(done, len(expenses))
    return Reckoning(expenses, apartments, shares, None)


def issue(*, period: Period, by: User, at: datetime | None = None) -> Work | None:
    """Issue a month, now or as of another time; a large one is left to the worker, whose work, to be
    watched, is returned.

    Raises `Refused` when it was issued before, `MillsDontSum` or `NothingToIssue`.
    """
    with transaction.atomic():
        locked = _locked_draft(period.pk)
        apartments = locked.building.apartments.count()
        if apartments * locked.expenses.count() > MOST_AT_ONCE:
            return _left_to_worker(locked, by)
        _issued(locked, by=by, at=at or timezone.now())
        return None


def _left_to_worker(period: Period, by: User) -> Work:
    underway = background_jobs.latest(kind=Work.Kind.ISSUE, subject_id=period.pk)
    if underway is not None and underway.status in {"waiting", "working"}:
        raise Refused(_("This month is being issued just now."))
    refusal = _refusal(list(period.expenses.all()), list(period.building.apartments.all()))
    if refusal is not None:
        raise refusal
    return background_jobs.enqueue(
        kind=Work.Kind.ISSUE,
        subject_id=period.pk,
        asked_by=by,
        content=str(period.version),
    )


def carry_out(asked: Work, tell: Tell) -> list[ReportLine]:
    """Issue a large month; raises `StaleVersion` when it isn't any more what was asked for."""
    period = _locked_draft(asked.subject_id)
    if str(period.version) != asked.content:
        raise StaleVersion
    if asked.asked_by is None:
        raise Refused(_("Whoever asked for this is gone."))
    _issued(period, by=asked.asked_by, at=timezone.now(), tell=tell)
    return [{"line": None, "field": "", "detail": _("The month is issued.")}]


def _issued(period: Period, *, by: User, at: datetime, tell: Tell | None = None) -> None:
    reckoning = reckon(period, lock=True, tell=tell)
    if reckoning.refusal is not None:
        raise reckoning.refusal
    Share.objects.bulk_create(reckoning.shares, batch_size=BATCH)
    owed = reckoning.charges()
    books = open_books(building=period.building, holders=owed)
    Charge.objects.bulk_create(
        [
            Charge(period=period, apartment_id=apartment, party=party, amount=amount, created_at=at)
            for (apartment, party), amount in owed.items()
        ],
        batch_size=BATCH,
    )
    transfers: list[Transfer] = [
        (books.holders[holder], books.costs, amount) for holder, amount in owed.items()
    ]
    transfers += [(books.costs, books.payer_of(each), each.amount) for each in reckoning.expenses]
    day = timezone.localdate(at)
    books.book(Entry(kind=EntryKind.ISSUE, booked_on=day, period=period, made_by=by), transfers)
    books.settle()
    period.issued_at = at
    period.save(update_fields=["issued_at"])
    audit.record(
        actor=by, action="period.issued", target=period, detail={"cents": sum(owed.values())}
    )


def _locked_draft(period_id: int) -> Period:
    period = Period.objects.select_for_update(no_key=True).get(pk=period_id)
    if period.status is not Status.DRAFT:
        raise Refused(_("This month has been issued before."))
    return period


def _refusal(expenses: list[Expense], apartments: list[Apartment]) -> Refused | None:
    if not expenses:
        return NothingToIssue(_("This month has no expenses yet."))
    if not apartments:
        return NothingToIssue(_("This building has no apartments yet."))
    mills = sum(apartment.mills for apartment in apartments)
    if mills != ALL_MILLS:
        text = _("The mills of all apartments must sum to 1000. They sum to %(sum)d.")
        return MillsDontSum(text % {"sum": mills})
    return None


def _shared(expense: Expense, mills: dict[int, int]) -> dict[int, Any]:
    if expense.sharing == Sharing.MILLS:
        return sharing.by_weights(expense.amount, mills)
    if expense.sharing == Sharing.CHOSEN:
        return sharing.equally(
            expense.amount, [choice.apartment_id for choice in expense.choices.all()]
        )
    return sharing.equally(expense.amount, list(mills))
