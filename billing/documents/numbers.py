"""Numbers of payments by hand: a series a year, without gaps, in the order of their recording."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from billing.models import ManualPayment
from public_apps.core import locks

SERIES = "MP"


@transaction.atomic
def number_all() -> None:
    """Give every payment that has none its number. Safe to repeat; it waits for whoever does the same.

    In the transaction that records a payment a number that is rolled back is given again.
    """
    locks.hold("billing.documents.numbers")
    for payment in ManualPayment.objects.filter(number="").order_by("pk"):
        year = _year_of(payment.recorded_at)
        payment.number = f"{SERIES}-{year}-{_last_of(year) + 1:05d}"
        payment.save(update_fields=["number"])


def _year_of(moment: datetime) -> int:
    return moment.astimezone(ZoneInfo(settings.PAGES_TIME_ZONE)).year


def _last_of(year: int) -> int:
    """Return the last number of a year's series, or 0; five digits sort as they count."""
    begins = f"{SERIES}-{year}-"
    given = ManualPayment.objects.filter(number__startswith=begins)
    last = given.aggregate(last=Max("number"))["last"]
    return int(last.removeprefix(begins)) if last else 0
