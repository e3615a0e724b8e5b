"""Money that comes in."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.constraint_errors import refused_as
from public_apps.core.errors import Conflict, Invalid, Refused
from tenant_apps.buildings.models import Apartment
from tenant_apps.finances.actions.booking import free, open_books
from tenant_apps.finances.models import Entry, EntryKind, Method, Payment


def record_payment(
    *,
    apartment: Apartment,
    party: str,
    method: str,
    amount: int,
    paid_on: date,
    by: User,
    reference: str = "",
    note: str = "",
) -> Payment:
    """Record money in cents; it pays the oldest open charges of that owner or tenant, the rest is kept.

    Raises `Conflict` when the apartment has a payment with this method and reference.
    """
    if method == Method.CREDIT_NOTE:
        message = _("A credit note comes from a correction.")
        raise Invalid(message, errors={"method": [message]})
    with transaction.atomic():
        books = open_books(building=apartment.building, holders=[(apartment.pk, party)])
        payment = Payment(
            apartment=apartment,
            party=party,
            method=method,
            amount=amount,
            paid_on=paid_on,
            reference=reference,
            note=note,
        )
        payment.full_clean(exclude=["apartment", "corrects"], validate_constraints=False)
        message = _("A payment with this reference is recorded already.")
        with refused_as(
            one_receipt_per_reference=Conflict(message, errors={"reference": [message]})
        ):
            payment.save()
        account = books.holders[apartment.pk, party]
        entry = Entry(kind=EntryKind.PAYMENT, booked_on=paid_on, payment=payment, made_by=by)
        books.book(entry, [(books.bank, account, amount)])
        books.settle()
        payment.refresh_from_db()
        return payment


def reverse_payment(*, payment: Payment, reason: str, by: User) -> Payment:
    """Take a payment back that never came: what it paid is open again. Raises `Refused` twice over."""
    with transaction.atomic():
        apartment = payment.apartment
        holder = (payment.apartment_id, payment.party)
        books = open_books(building=apartment.building, holders=[holder])
        locked = Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)
        if locked.reversed_at is not None:
            raise Refused(_("This payment has been reversed before."))
        if locked.method == Method.CREDIT_NOTE:
            raise Refused(_("A credit note is taken back by another correction of its charge."))
        free(locked)
        locked.reversed_at = timezone.now()
        locked.reversal_reason = reason
        locked.save(update_fields=["allocated", "reversed_at", "reversal_reason"])
        entry = Entry(
            kind=EntryKind.REVERSAL,
            booked_on=timezone.localdate(),
            memo=reason,
            payment=locked,
            made_by=by,
        )
        books.book(entry, [(books.holders[holder], books.bank, locked.amount)])
        books.settle()
        audit.record(actor=by, action="payment.reversed", target=locked, detail={"reason": reason})
        return locked
