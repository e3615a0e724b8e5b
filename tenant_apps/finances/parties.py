"""Who pays what concerns an apartment."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date

from tenant_apps.buildings import queries
from tenant_apps.buildings.models import Apartment, Party, Residency


def payers_of(apartments: Iterable[Apartment], *, month: date) -> dict[int, dict[str, Party]]:
    """Return, for each apartment's id, who pays what is the owner's and what is the tenant's.

    Without a tenant on the month's last day the owner pays both. A tenant is somebody with a
    residency, or, where nobody has one, the tenant named as a contact.
    """
    rows = list(apartments)
    let = set(
        Residency.objects.filter(
            queries.current(on=last_day(month)),
            kind=Party.TENANT,
            apartment__in=[apartment.pk for apartment in rows],
        ).values_list("apartment", flat=True)
    )
    return {
        apartment.pk: {
            Party.OWNER: Party.OWNER,
            Party.TENANT: Party.TENANT
            if apartment.pk in let or apartment.tenant_name
            else Party.OWNER,
        }
        for apartment in rows
    }


def last_day(month: date) -> date:
    """Return the last day of a month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])
