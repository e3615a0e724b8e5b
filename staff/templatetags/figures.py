"""Figures as people read them."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

register = template.Library()
NOTHING = "—"


@register.filter
def percent(share: float | None) -> str:
    """Return a share from 0 to 1 as a percentage with one decimal, or a dash."""
    return NOTHING if share is None else f"{_rounded(share * 100)} %"


@register.filter
def milliseconds(value: float | None) -> str:
    """Return a time given in milliseconds as people say it, or a dash."""
    return NOTHING if value is None else duration(timedelta(milliseconds=value))


@register.filter
def duration(value: timedelta | None) -> str:
    """Return a time in milliseconds, seconds, minutes, hours or days, whichever is short."""
    if value is None:
        return NOTHING
    seconds = value.total_seconds()
    if seconds < 1:
        return _("%s ms") % _rounded(seconds * 1000, places=0)
    for least, divisor, words in (
        (86_400, 86_400, _("%s days")),
        (3600, 3600, _("%s h")),
        (120, 60, _("%s min")),
    ):
        if seconds >= least:
            return words % _rounded(seconds / divisor)
    return _("%s s") % _rounded(seconds)


def _rounded(value: float, *, places: int = 1) -> str:
    # Django's number_format cuts off what it doesn't show.
    return number_format(round(value, places), places)
