"""Prices that Stripe doesn't sell at (any more): told apart from an outage, and staff are told once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.utils.translation import gettext_lazy as _

from billing import gateway, stripe_account
from billing.models import Price
from billing.words import Situation, say
from public_apps.core import errors
from public_apps.core.schema_context import in_public
from public_apps.monitoring import incidents

log = structlog.get_logger(__name__)
PRICE_NOT_SOLD = incidents.kind(
    "price_not_sold",
    title=_("A price that we show can't be bought at Stripe"),
    advice=_(
        "Somebody has archived it at Stripe. “manage.py plans push”, or “Push to Stripe” at the "
        "plans in the admin, makes it anew; who has subscribed keeps the old one."
    ),
)


class NotForSale(errors.UpstreamFailed):
    """Stripe doesn't sell at a price of ours: staff have to push it."""

    def __init__(self, price: Price) -> None:
        super().__init__(say(Situation.NOT_FOR_SALE))
        self.price = price


def check_sold(price: Price) -> None:
    """Raise `NotForSale` if Stripe, which has just refused something, has this price archived.

    Where Stripe doesn't tell, the refusal is not about the price as far as we know.
    """
    try:
        found = stripe_account.found(
            lambda: gateway.price(price.stripe_price_id), f"price {price.lookup_key}"
        )
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("price not looked at", price=price.lookup_key, error=str(error))
        return
    if found is None or not found["active"]:
        raise NotForSale(price)


@contextmanager
def telling_staff() -> Iterator[None]:
    """Have staff told of a price that can't be bought. Around transactions, not inside of one."""
    try:
        yield
    except NotForSale as refusal:
        price = refusal.price
        line = f"{price.lookup_key} ({price.stripe_price_id}) is archived at Stripe, or gone."
        with in_public():
            incidents.report_one(PRICE_NOT_SOLD, price.lookup_key, [line])
        raise


def is_sold_again(price: Price) -> None:
    """End the incident about a price that has been pushed."""
    incidents.report_one(PRICE_NOT_SOLD, price.lookup_key, [])
