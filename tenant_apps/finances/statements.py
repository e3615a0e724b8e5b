"""An apartment's statement: what was charged and paid, with the balance after each line."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from tenant_apps.buildings.models import Apartment
from tenant_apps.finances.models import Account, AccountKind, Entry, EntryKind, Line

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class StatementLine:
    """One line; a charge is positive, a payment negative. Cents."""

    date: date
    kind: str
    party: str
    text: str
    amount: int
    balance: int


@dataclass(frozen=True)
class Statement:
    """All lines between two days; a positive balance is owed. Cents."""

    apartment: Apartment
    since: date | None
    until: date | None
    opening_balance: int
    lines: list[StatementLine]

    @property
    def closing_balance(self) -> int:
        """What is owed after the last line."""
        return self.lines[-1].balance if self.lines else self.opening_balance


def of_apartment(
    apartment: Apartment,
    *,
    parties: Collection[str],
    known: Q | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Statement:
    """Return the statement of an apartment's owner, tenant or both.

    Of lines that are none of the `known` ones, not even their sum is told.
    """
    accounts = Account.objects.filter(
        kind=AccountKind.APARTMENT, apartment=apartment, party__in=parties
    )
    parties_by_account = {account.pk: account.party for account in accounts}
    rows = Line.objects.filter(Q(debit__in=parties_by_account) | Q(credit__in=parties_by_account))
    if known is not None:
        rows = rows.filter(known)
    if until is not None:
        rows = rows.filter(entry__booked_on__lte=until)
    opening, balance, lines = 0, 0, []
    for row in rows.select_related("entry__period", "entry__payment").order_by(
        "entry__booked_on", "pk"
    ):
        charged = row.debit_id in parties_by_account
        balance += row.amount if charged else -row.amount
        if since is not None and row.entry.booked_on < since:
            opening = balance
            continue
        lines.append(
            StatementLine(
                date=row.entry.booked_on,
                kind=row.entry.kind,
                party=parties_by_account[row.debit_id if charged else row.credit_id],
                text=described(row.entry),
                amount=row.amount if charged else -row.amount,
                balance=balance,
            )
        )
    return Statement(apartment, since, until, opening, lines)


def described(entry: Entry) -> str:
    """Return what an entry is about, in the reader's language."""
    words = [str(entry.get_kind_display())]
    if entry.period is not None:
        words.append(str(entry.period))
    if entry.payment is not None:
        words += [str(entry.payment.get_method_display()), entry.payment.reference]
    if entry.kind != EntryKind.ISSUE:
        words.append(entry.memo)
    return ", ".join(word for word in words if word)


def as_csv(statement: Statement) -> str:
    """Return the statement as a spreadsheet reads it, amounts in euros with a point."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([_("Date"), _("Text"), _("Amount"), _("Balance")])
    writer.writerow(["", _("Opening balance"), "", _euros(statement.opening_balance)])
    for line in statement.lines:
        writer.writerow(
            [line.date.isoformat(), _plain(line.text), _euros(line.amount), _euros(line.balance)]
        )
    return file.getvalue()


def _euros(cents: int) -> str:
    return str(Decimal(cents).scaleb(-2))


def _plain(text: str) -> str:
    """Keep a spreadsheet from running what somebody wrote into a reference."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
