"""Months with their expenses, what they cost each apartment, payments, and the ledger under all."""

from tenant_apps.finances.models.ledger import Account, AccountKind, Entry, EntryKind, Line
from tenant_apps.finances.models.money import Allocation, Charge, ChargeKind, Method, Payment
from tenant_apps.finances.models.months import (
    Category,
    ChosenApartment,
    Expense,
    Period,
    Share,
    Sharing,
    Status,
)

__all__ = [
    "Account", "AccountKind", "Allocation", "Category", "Charge", "ChargeKind", "ChosenApartment",
    "Entry", "EntryKind", "Expense", "Line", "Method", "Payment", "Period", "Share", "Sharing",
    "Status",
]  # fmt: skip
