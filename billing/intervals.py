"""How often something is paid, in words: whatever Stripe takes, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def every(interval: str, count: int = 1) -> str:
    """Return `per month`, `every 3 months` and so on; an interval that we don't know as it is."""
    if count != 1:
        return _several(interval, count)
    words = {
        "day": _("per day"),
        "week": _("per week"),
        "month": _("per month"),
        "year": _("per year"),
    }
    return words.get(interval, interval)


def _several(interval: str, count: int) -> str:
    said = {
        "day": ngettext("every %(count)d day", "every %(count)d days", count),
        "week": ngettext("every %(count)d week", "every %(count)d weeks", count),
        "month": ngettext("every %(count)d month", "every %(count)d months", count),
        "year": ngettext("every %(count)d year", "every %(count)d years", count),
    }
    return said[interval] % {"count": count} if interval in said else f"{count} {interval}"
