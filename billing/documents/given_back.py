"""What went back to whoever paid."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Sum

from billing.models import Refund


def of_invoices(invoice_ids: Collection[str]) -> dict[str, int]:
    """Return what was given back of each invoice, in minor units; one query for all of them."""
    refunds = Refund.objects.filter(invoice_id__in=invoice_ids, status__in=Refund.GIVEN_BACK)
    return dict(refunds.order_by().values_list("invoice_id").annotate(Sum("amount")))
