"""Months as drafts, and their expenses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.constraint_errors import refused_as
from public_apps.core.errors import Conflict, Invalid, Refused
from tenant_apps.buildings.models import Apartment, Building
from tenant_apps.files import actions as files
from tenant_apps.finances.models import ChosenApartment, Expense, Period, Sharing, Status


class ExpenseFields(TypedDict, total=False):
    """What can be said of an expense."""

    category: str
    description: str
    amount: int
    spent_on: date
    sharing: str
    paid_by: str


def open_period(*, building: Building, month: date) -> Period:
    """Begin a building's month as a draft; raises `Conflict` when it was begun before."""
    period = Period(building=building, month=month.replace(day=1))
    message = _("This month has been begun already.")
    with refused_as(one_period_per_month=Conflict(message, errors={"month": [message]})):
        period.save()
    return period


def remove_period(*, period: Period) -> None:
    """Remove a draft without expenses; raises `Refused` otherwise."""
    with transaction.atomic():
        _draft(period.pk)
        if period.expenses.exists():
            raise Refused(_("This month has expenses: remove them first."))
        period.delete()


def close_period(*, period: Period, by: User) -> Period:
    """Close an issued month: nothing of it can be corrected any more. Closing it again is fine."""
    with transaction.atomic():
        locked = lock_month(period.pk)
        if locked.status is Status.DRAFT:
            raise Refused(_("Only a month that was issued can be closed."))
        if locked.closed_at is None:
            locked.closed_at = timezone.now()
            locked.save(update_fields=["closed_at"])
            audit.record(actor=by, action="period.closed", target=locked)
        return locked


def add_expense(
    *,
    period: Period,
    by: User,
    chosen: Collection[Apartment] = (),
    attachment: UUID | None = None,
    **fields: Unpack[ExpenseFields],
) -> Expense:
    """Add an expense to a draft; raises `Refused` once the month is issued, `Invalid` by field."""
    with transaction.atomic():
        draft = _draft(period.pk)
        expense = _filled(Expense(period=draft), fields)
        _check_chosen(expense, chosen)
        if attachment is not None:
            (expense.attachment,) = files.take([attachment], by=by, field="attachment")
        expense.save()
        _choose(expense, chosen)
        draft.save(update_fields=[])  # another version: whoever issues has seen what is in it
        return expense


def change_expense(
    *,
    expense: Expense,
    chosen: Collection[Apartment] | None = None,
    **fields: Unpack[ExpenseFields],
) -> Expense:
    """Change what is given of a draft's expense; raises as `add_expense` does."""
    with transaction.atomic():
        draft = _draft(expense.period_id)
        _filled(expense, fields)
        if chosen is None:
            chosen = list(expense.chosen.all())
            if expense.sharing != Sharing.CHOSEN:
                chosen = []
        _check_chosen(expense, chosen)
        expense.save()
        expense.choices.all().delete()
        _choose(expense, chosen)
        draft.save(update_fields=[])
        return expense


def remove_expense(*, expense: Expense) -> None:
    """Remove a draft's expense with its attachment; raises `Refused` once the month is issued."""
    with transaction.atomic():
        draft = _draft(expense.period_id)
        attachment = expense.attachment
        expense.delete()
        if attachment is not None:
            files.discard(attachment)
        draft.save(update_fields=[])


def lock_month(period_id: int) -> Period:
    """Return a month, locked until the transaction ends: the first lock of whoever writes in it."""
    return Period.objects.select_for_update(no_key=True).get(pk=period_id)


def _draft(period_id: int) -> Period:
    """Return a month, locked, if it is a draft; raise `Refused` otherwise."""
    period = lock_month(period_id)
    if period.status is not Status.DRAFT:
        raise Refused(_("This month has been issued: only corrections are possible now."))
    return period


def _filled(expense: Expense, fields: ExpenseFields) -> Expense:
    for name, value in fields.items():
        setattr(expense, name, value)
    expense.full_clean(exclude=["period", "attachment"], validate_constraints=False)
    return expense


def _check_chosen(expense: Expense, chosen: Collection[Apartment]) -> None:
    if (expense.sharing == Sharing.CHOSEN) != bool(chosen):
        message = _("Choose apartments exactly when chosen ones share the expense.")
        raise Invalid(message, errors={"chosen": [message]})
    building = expense.period.building_id
    if any(apartment.building_id != building for apartment in chosen):
        message = _("These apartments aren't all in this building.")
        raise Invalid(message, errors={"chosen": [message]})


def _choose(expense: Expense, chosen: Collection[Apartment]) -> None:
    ChosenApartment.objects.bulk_create(
        ChosenApartment(expense=expense, apartment=apartment) for apartment in set(chosen)
    )
