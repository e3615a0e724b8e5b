"""Whether our key works again: what waited for that goes on by itself, without anybody's click."""

from __future__ import annotations

import structlog

from billing import checkout, gateway, inbox, manual_mode, stripe_account
from billing.models import EventStatus, StripeEvent
from billing.stripe_account import FOREIGN_KEY, KEY_REFUSED, REFUSED, RESTRICTED, SLOWED, KeyOwner
from public_apps.core import turns
from public_apps.monitoring import incidents
from public_apps.monitoring.models import Incident

log = structlog.get_logger(__name__)


def look() -> None:
    """Ask Stripe about our key while staff have an incident about it; if it is right, go on."""
    opened = set(
        Incident.objects.filter(
            kind__in=(KEY_REFUSED.name, FOREIGN_KEY.name), closed_at=None
        ).values_list("kind", "subject")
    )
    if not opened or manual_mode.is_on():
        return
    for subject, error in ((SLOWED, gateway.RateLimited), (RESTRICTED, gateway.KeyRestricted)):
        if (KEY_REFUSED.name, subject) in opened and not _anything_waits_for(error):
            incidents.report_one(KEY_REFUSED, subject, [])
    if (KEY_REFUSED.name, REFUSED) in opened and _is_taken():
        incidents.report_one(KEY_REFUSED, REFUSED, [])
        _go_on(gateway.KeyInvalid)
    if (FOREIGN_KEY.name, "") in opened and _has_made_ours():
        _go_on(stripe_account.NotOurAccountAtAll)


def _is_taken() -> bool:
    """Whether Stripe takes our key for anything; it need not show us its account."""
    try:
        gateway.account()
    except (gateway.KeyInvalid, gateway.StripeUnavailable):
        return False
    except gateway.StripeRefused:
        return True
    return True


def _has_made_ours() -> bool:
    """Whether the key's account is one that made something of ours."""
    try:
        return not KeyOwner().is_foreign()
    except gateway.StripeUnavailable:
        return False


def _anything_waits_for(error: type[Exception]) -> bool:
    waiting = StripeEvent.objects.filter(status=EventStatus.RECEIVED)
    return waiting.filter(error__startswith=f"{error.__name__}: ").exists()


def _go_on(*waiting_for: type[Exception]) -> None:
    count = inbox.wake(waiting_for=waiting_for)
    if not count:  # sign-ups alone are tried again within minutes
        return
    for sweep in (checkout.UNFINISHED, checkout.UNPAID):
        turns.rest_over(sweep.name)
    log.warning("the key is right: what waited goes on", events=count)
