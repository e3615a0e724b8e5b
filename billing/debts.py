"""What is still to be paid where somebody cancels: told alike by mails, page and API."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet

from billing import pay_links, pending_changes
from billing.models import Invoice, Subscription

# An invoice that Stripe charges by itself is open for a moment before it is tried; one with a day to
# be paid by was sent, and is owed from then on.
_OWED = Q(attempt_count__gt=0) | Q(due_at__isnull=False) | Q(debit_under_way=True)


def newest(invoices: QuerySet[Invoice], *, of: Subscription | None) -> dict[str, Any] | None:
    """Return the newest of these that is owed, as `words.of_debt` wants it; None if none is.

    What a change of the subscription waits for is not owed: without it all stays as it is.

    A debit that is under way is owed, and nothing is to be done about it: no page is named.
    """
    invoices = pending_changes.without_what_waits(invoices, of)
    owed = invoices.filter(_OWED, status="open", gone_at__isnull=True, amount_due__gt=0)
    in_order = owed.select_related("tenant").order_by(F("created_at").desc(nulls_last=True))
    row = in_order.first()
    if row is None:
        return None
    return {
        "amount_due": row.amount_due,
        "currency": row.currency,
        "next_attempt_at": row.next_attempt_at,
        "pay_url": "" if row.debit_under_way else pay_links.to(row),
        "debit_under_way": row.debit_under_way,
    }
