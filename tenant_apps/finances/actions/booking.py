"""Booking on locked accounts, and letting credits pay what is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from tenant_apps.buildings.models import Building
from tenant_apps.finances.models import (
    Account,
    AccountKind,
    Allocation,
    Category,
    Charge,
    Entry,
    Expense,
    Line,
    Payment,
)

Holder = tuple[int, str]  # an apartment's id, and owner or tenant
Transfer = tuple[Account, Account, int]  # to the debit of, to the credit of, cents
BATCH = 500


@dataclass(frozen=True)
class Books:
    """Accounts of one building, locked until the transaction ends."""

    building: Building
    bank: Account
    costs: Account
    reserve: Account
    holders: dict[Holder, Account]

    def book(self, entry: Entry, transfers: Iterable[Transfer]) -> Entry:
        """Write an entry with its lines, and bring the balances up to date."""
        entry.building = self.building
        entry.save()
        lines = []
        for debit, credit, amount in transfers:
            debit.balance += amount
            credit.balance -= amount
            lines.append(Line(entry=entry, debit=debit, credit=credit, amount=amount))
        Line.objects.bulk_create(lines, batch_size=BATCH)
        Account.objects.bulk_update(self._all(), ["balance"], batch_size=BATCH)
        return entry

    def payer_of(self, expense: Expense) -> Account:
        """Return where an expense's money goes from: what is put aside stays at the bank."""
        return self.reserve if expense.category == Category.RESERVE else self.bank

    def settle(self) -> None:
        """Let what was paid too much pay what is open: oldest charges first, oldest payments first."""
        ours = {"apartment__in": {apartment for apartment, _party in self.holders}}
        payments = Payment.objects.filter(
            **ours, allocated__lt=F("amount"), reversed_at=None
        ).order_by("paid_on", "pk")
        credits_of = _by_holder(payments)
        if not credits_of:
            return
        charges = Charge.objects.filter(**ours, paid__lt=F("amount"))
        open_of = _by_holder(charges.order_by("period__month", "pk"))
        pairs = []
        for holder in self.holders:
            pairs += _paired(credits_of[holder], open_of[holder])
        _keep(pairs)

    def _all(self) -> list[Account]:
        return [self.bank, self.costs, self.reserve, *self.holders.values()]


def open_books(*, building: Building, holders: Iterable[Holder]) -> Books:
    """Return the building's books with these apartments' accounts, made if need be, all locked."""
    wanted = set(holders)
    of_building = Account.objects.filter(building=building)
    there: set[tuple[str, int | None, str]] = {
        (account.kind, account.apartment_id, account.party) for account in of_building
    }
    missing = [
        Account(building=building, kind=kind)
        for kind in (AccountKind.BANK, AccountKind.COSTS, AccountKind.RESERVE)
        if (kind, None, "") not in there
    ]
    missing += [
        Account(building=building, kind=AccountKind.APARTMENT, apartment_id=apartment, party=party)
        for apartment, party in sorted(wanted)
        if (AccountKind.APARTMENT, apartment, party) not in there
    ]
    # Two who need the same new account at once both get on: the second finds the first one's.
    Account.objects.bulk_create(missing, ignore_conflicts=True, batch_size=BATCH)
    chosen = of_building.filter(apartment=None) | of_building.filter(
        apartment__in={apartment for apartment, _party in wanted}
    )
    locked = list(chosen.order_by("pk").select_for_update(no_key=True))
    own = {(a.apartment_id, a.party): a for a in locked if a.apartment_id is not None}
    kinds = {account.kind: account for account in locked if account.apartment_id is None}
    return Books(
        building=building,
        bank=kinds[AccountKind.BANK],
        costs=kinds[AccountKind.COSTS],
        reserve=kinds[AccountKind.RESERVE],
        holders={(key, party): own[key, party] for key, party in sorted(wanted)},
    )


def free(payment: Payment) -> None:
    """Take a locked payment back from the charges that it pays."""
    for allocation in payment.allocations.select_related("charge"):
        Charge.objects.filter(pk=allocation.charge_id).update(paid=F("paid") - allocation.amount)
    payment.allocations.all().delete()
    payment.allocated = 0


def _by_holder(rows: Iterable[Any]) -> defaultdict[Holder, list[Any]]:
    found: defaultdict[Holder, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.apartment_id, row.party].append(row)
    return found


def _paired(payments: list[Payment], charges: list[Charge]) -> list[Allocation]:
    pairs = []
    waiting = iter(charges)
    charge = next(waiting, None)
    for payment in payments:
        while charge is not None and payment.credit:
            amount = min(payment.credit, charge.open)
            payment.allocated += amount
            charge.paid += amount
            pairs.append(Allocation(payment=payment, charge=charge, amount=amount))
            if not charge.open:
                charge = next(waiting, None)
    return pairs


def _keep(pairs: list[Allocation]) -> None:
    """Save allocations; after a reversal a payment may come back to a charge that it pays in part."""
    known = {
        (each.payment_id, each.charge_id): each
        for each in Allocation.objects.filter(
            payment__in={pair.payment_id for pair in pairs},
            charge__in={pair.charge_id for pair in pairs},
        )
    }
    for pair in pairs:
        if former := known.get((pair.payment_id, pair.charge_id)):
            pair.pk, pair.amount = former.pk, pair.amount + former.amount
    Allocation.objects.bulk_update(
        [pair for pair in pairs if pair.pk], ["amount"], batch_size=BATCH
    )
    Allocation.objects.bulk_create([pair for pair in pairs if not pair.pk], batch_size=BATCH)
    payments = {pair.payment_id: pair.payment for pair in pairs}
    charges = {pair.charge_id: pair.charge for pair in pairs}
    Payment.objects.bulk_update(payments.values(), ["allocated"], batch_size=BATCH)
    Charge.objects.bulk_update(charges.values(), ["paid"], batch_size=BATCH)
