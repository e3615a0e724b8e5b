"""Whose our key is: a 404 says "gone" only where the key belongs to the account that made the thing.

A key of another account, or of the other mode, sees nothing of ours: all would seem to be gone, and
everybody who pays would be suspended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache

import structlog
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from billing import gateway
from billing.models import Customer
from public_apps.monitoring import incidents

log = structlog.get_logger(__name__)
FOREIGN_KEY = incidents.kind(
    "foreign_key",
    title=_("The Stripe key is not known to be of the account that sells"),
    advice=_(
        "Nobody was suspended for it. Put a key of the account that made the object into "
        "STRIPE_SECRET_KEY (a restricted key must be allowed to read its account) and restart web "
        "and worker; then “manage.py stripe_events retry --all-failed”."
    ),
)


class NotOurAccount(gateway.KeyRefused):
    """A 404 that can't be believed: our key may belong to an account that never made the thing."""


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


def confirm_gone(what: str, *, customer_id: str = "", held: bool = False) -> None:
    """Raise `NotOurAccount` unless Stripe's word can be believed that it knows no such thing."""
    if why := KeyOwner().doubts(customer_id=customer_id, held=held):
        raise NotOurAccount(f"Stripe knows no {what}. {why}")


@contextmanager
def telling_staff() -> Iterator[None]:
    """Have staff told of a key that can't be believed. Around transactions, not inside of one."""
    try:
        yield
    except NotOurAccount as error:
        incidents.report_one(FOREIGN_KEY, "", [str(error)])
        raise


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
