"""Whose our key is: a 404 says "gone" only where the key belongs to the account that made the thing.

A key of another account, or of the other mode, sees nothing of ours: all would seem to be gone, and
everybody who pays would be suspended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from billing import gateway
from billing.gateway import Document
from billing.models import Customer
from public_apps.core import clock
from public_apps.monitoring import incidents

log = structlog.get_logger(__name__)
FOREIGN_KEY = incidents.kind(
    "foreign_key",
    title=_("The Stripe key is not known to be of the account that sells"),
    advice=_(
        "Nobody was suspended for it. Put a key of the account that made the object into "
        "STRIPE_SECRET_KEY (a restricted key must be allowed to read its account) and restart web "
        "and worker: what waits goes on by itself; for what has failed meanwhile, “manage.py "
        "stripe_events retry --all-failed”."
    ),
)
# After so long of Stripe's "slow down" it is no moment's matter any more.
SLOW_FOR = timedelta(minutes=2)
REFUSED, SLOWED, RESTRICTED = "refused", "slow down", "restricted"
KEY_REFUSED = incidents.kind(
    "key_refused",
    title=_("Stripe does not work with our key"),
    advice=_(
        "Nothing is lost: events and sign-ups wait, without losing attempts. Refused: put a key "
        "that is valid into STRIPE_SECRET_KEY and restart web and worker; the rest goes by itself. "
        "Restricted: give the key at Stripe the right that the line names. "
        "Slowed down: look at Stripe's dashboard for who else uses this account."
    ),
)


class NotOurAccount(gateway.KeyRefused):
    """A 404 that can't be believed: our key may belong to an account that never made the thing."""


class NotOurAccountAtAll(NotOurAccount):
    """As before, and the key's account has made nothing of ours: all waits for another key."""


class KeyOwner:
    """The account that our key belongs to, asked for when it is first needed."""

    @cached_property
    def account(self) -> str:
        """Return account and mode, or nothing if Stripe doesn't tell."""
        try:
            return gateway.account()
        except gateway.StripeRefused as error:
            log.warning("stripe does not tell whose the key is", error=str(error))
            return ""

    def is_foreign(self) -> bool:
        """Whether nothing of ours is noted as made by this key's account."""
        return not Customer.objects.filter(account=self.account).exclude(account="").exists()

    def doubts(self, *, customer_id: str = "", held: bool = False) -> str:
        """Return why a 404 about something of this customer can't be believed; nothing if it can.

        Where no customer is known, the key must have made one of ours; unless none of them is noted
        yet, and the thing is not one that we hold.
        """
        customer = Customer.objects.filter(pk=customer_id).first() if customer_id else None
        noted = Customer.objects.exclude(account="")
        if customer is not None:
            noted = noted.filter(pk=customer.pk)
        if self.account and noted.filter(account=self.account).exists():
            return ""
        if customer is None and not held and not noted.exists():
            return ""
        makers = sorted(set(noted.values_list("account", flat=True)))
        made_by = ", ".join(makers) or "an account that we have not noted"
        whose = self.account or "an account that Stripe does not tell"
        return f"The key {gateway.key_hint()} belongs to {whose}; ours was made by {made_by}."


def found(
    ask: Callable[[], Document],
    what: str,
    *,
    customer_id: str = "",
    held: bool = False,
    owner: KeyOwner | None = None,
) -> Document | None:
    """Return what Stripe shows, or None if it is gone: the one place where a 404 is taken for an end.

    It is believed only of a key that belongs to the account which made the thing; raises
    `NotOurAccount` of any other, and what `ask` raises. `held` says that we hold it, so that it was
    there once.
    """
    try:
        return ask()
    except gateway.Gone as gone:
        asked = owner or KeyOwner()
        why = asked.doubts(customer_id=customer_id, held=held)
        if not why:
            return None
        meant = NotOurAccountAtAll if asked.is_foreign() else NotOurAccount
        raise meant(f"Stripe knows no {what}. {why}") from gone


def is_about_key(error: Exception) -> bool:
    """Whether an error says nothing of what was asked, and all of the key that asked: it can wait."""
    return isinstance(
        error,
        NotOurAccountAtAll | gateway.KeyInvalid | gateway.KeyRestricted | gateway.RateLimited,
    )


@contextmanager
def telling_staff() -> Iterator[None]:
    """Have staff told of a key that can't be used. Around transactions, not inside of one."""
    try:
        yield
    except NotOurAccount as error:
        incidents.report_one(FOREIGN_KEY, "", [str(error)])
        raise
    except gateway.KeyInvalid as error:
        tell_refused(error)
        raise


def tell_refused(error: gateway.KeyInvalid) -> None:
    """Open an incident about a key that Stripe takes for nothing."""
    line = f"Stripe does not take the key {gateway.key_hint()}: {error}"
    incidents.report_one(KEY_REFUSED, REFUSED, [line])


def tell_restricted(error: gateway.KeyRestricted) -> None:
    """Open an incident about a key that lacks a right which something waits for."""
    line = f"Stripe does not let the key {gateway.key_hint()} do this: {error}"
    incidents.report_one(KEY_REFUSED, RESTRICTED, [line])


def tell_slowed(*, since: datetime, error: gateway.RateLimited) -> None:
    """Open an incident about a key that is asked to slow down, once something waits long for that."""
    if clock.now() - since > SLOW_FOR:
        line = f"Stripe asks the key {gateway.key_hint()} to slow down: {error}"
        incidents.report_one(KEY_REFUSED, SLOWED, [line])


def note_account(customer_id: str) -> None:
    """Note that our key has shown something of a customer: so the account that made it is the key's."""
    unknown = Customer.objects.filter(pk=customer_id, account="")
    if unknown.exists() and (account := _account_at(settings.STRIPE.secret_key)):
        unknown.update(account=account)
    if Customer.objects.filter(pk=customer_id).exists():
        incidents.report_one(FOREIGN_KEY, "", [])


def _account_at(key: str) -> str:
    """Return whose the key is, or nothing just now: no purchase has to wait for that."""
    try:
        return _asked_once(key, settings.STRIPE.api_base)
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("account of the key not noted", error=str(error))
        return ""


@lru_cache(maxsize=8)
def _asked_once(_key: str, _base: str) -> str:
    return gateway.account()
