"""What was issued stays; corrections stand beside it."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.errors import Invalid, Refused
from tenant_apps.finances.actions.booking import BATCH, Books, Transfer, open_books
from tenant_apps.finances.models import (
    Charge,
    ChargeKind,
    Entry,
    EntryKind,
    Expense,
    Method,
    Payment,
    Period,
    Share,
    Status,
)


def correct_charge(*, charge: Charge, amount: int, reason: str, by: User) -> Charge | Payment:
    """Raise an issued charge by a further one, or, with a negative amount in cents, lower it.

    Lowering gives a credit note, which pays what is open, or is kept. Raises `Invalid` for more than
    the charge, and `Refused` in a closed month.
    """
    if not amount:
        message = _("A correction of nothing corrects nothing.")
        raise Invalid(message, errors={"amount": [message]})
    with transaction.atomic():
        period = _issued(charge.period_id)
        holder = (charge.apartment_id, charge.party)
        books = open_books(building=period.building, holders=[holder])
        account = books.holders[holder]
        made: Charge | Payment
        if amount > 0:
            made = _further_charge(charge, amount, reason)
            transfer = (account, books.costs, amount)
        else:
            _check_room(charge, -amount)
            made = _credit_note(charge, -amount, reason)
            made.save()
            transfer = (books.costs, account, -amount)
        books.book(_entry(period, reason, by), [transfer])
        books.settle()
        detail = {"cents": amount, "reason": reason}
        audit.record(actor=by, action="charge.corrected", target=charge, detail=detail)
        made.refresh_from_db()
        return made


def reverse_expense(*, expense: Expense, reason: str, by: User) -> Expense:
    """Give every apartment back what an issued expense cost it, to the cent.

    Raises `Refused` for a draft's expense, in a closed month, and the second time.
    """
    with transaction.atomic():
        period = _issued(expense.period_id)
        locked = Expense.objects.select_for_update(no_key=True).get(pk=expense.pk)
        if locked.reversed_at is not None:
            raise Refused(_("This expense has been reversed before."))
        shares = list(locked.shares.select_related("apartment").order_by("pk"))
        holders = {(share.apartment_id, share.party) for share in shares}
        books = open_books(building=period.building, holders=holders)
        transfers: list[Transfer] = [(books.payer_of(locked), books.costs, locked.amount)]
        for share in shares:
            holder = (share.apartment_id, share.party)
            transfers.append((books.costs, books.holders[holder], share.amount))
        _give_back(shares, period, reason)
        _book_reversal(books, locked, transfers, reason=reason, by=by)
        return locked


def _book_reversal(
    books: Books, expense: Expense, transfers: list[Transfer], *, reason: str, by: User
) -> None:
    entry = _entry(expense.period, reason, by)
    entry.expense = expense
    books.book(entry, transfers)
    books.settle()
    expense.reversed_at = timezone.now()
    expense.reversal_reason = reason
    expense.save(update_fields=["reversed_at", "reversal_reason"])
    audit.record(actor=by, action="expense.reversed", target=expense, detail={"reason": reason})


def _give_back(shares: list[Share], period: Period, reason: str) -> None:
    charges = period.charges.filter(kind=ChargeKind.SHARES)
    given = charges.annotate(given=Coalesce(Sum("credit_notes__amount"), Value(0)))
    known = {(charge.apartment_id, charge.party): charge for charge in given}
    notes = []
    for share in shares:
        charge = known[share.apartment_id, share.party]
        if charge.given + share.amount > charge.amount:
            text = _("Apartment %(number)s has been given more back than this expense leaves.")
            raise Refused(text % {"number": share.apartment.number})
        notes.append(_credit_note(charge, share.amount, reason))
    Payment.objects.bulk_create(notes, batch_size=BATCH)


def _issued(period_id: int) -> Period:
    period = Period.objects.select_for_update(no_key=True).get(pk=period_id)
    if period.status is Status.DRAFT:
        raise Refused(_("This month is a draft: change the expense itself."))
    if period.status is Status.CLOSED:
        raise Refused(_("This month is closed."))
    return period


def _check_room(charge: Charge, less: int) -> None:
    given = charge.credit_notes.aggregate(cents=Sum("amount"))["cents"] or 0
    if given + less > charge.amount:
        message = _("This is more than what is left of the charge.")
        raise Invalid(message, errors={"amount": [message]})


def _further_charge(charge: Charge, amount: int, reason: str) -> Charge:
    return Charge.objects.create(
        period_id=charge.period_id,
        apartment_id=charge.apartment_id,
        party=charge.party,
        kind=ChargeKind.CORRECTION,
        corrects=charge,
        reason=reason,
        amount=amount,
    )


def _credit_note(charge: Charge, amount: int, reason: str) -> Payment:
    return Payment(
        apartment_id=charge.apartment_id,
        party=charge.party,
        method=Method.CREDIT_NOTE,
        amount=amount,
        paid_on=_today(),
        corrects=charge,
        note=reason,
    )


def _entry(period: Period, reason: str, by: User) -> Entry:
    return Entry(
        kind=EntryKind.CORRECTION, booked_on=_today(), memo=reason, period=period, made_by=by
    )


def _today() -> date:
    return timezone.localdate()
