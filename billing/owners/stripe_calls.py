"""What an owner asks of Stripe while they wait: whatever it answers becomes a decided problem here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from django.utils.translation import gettext as _

from billing import gateway, portal, sale
from billing.gateway import Document
from billing.models import Price
from billing.words import Situation, of_card, say, unreachable
from public_apps.core.errors import Conflict, Problem

log = structlog.get_logger(__name__)
T = TypeVar("T")


class PaymentFailed(Problem):
    """The card was declined, and nothing was changed."""

    slug = "payment-failed"


class Refused(Conflict):
    """Stripe understood and said no; why, is in our log."""

    slug = "payment-provider-refused"


def subscription(subscription_id: str, *, with_card: bool = False) -> Document:
    """Return a subscription as it is now."""
    return _answer(lambda: gateway.subscription(subscription_id, with_card=with_card))


def invoice(invoice_id: str) -> Document:
    """Return an invoice as it is now, with its payments."""
    return _answer(lambda: gateway.invoice(invoice_id))


def void_invoice(invoice_id: str, *, key: str) -> Document:
    """Close an open invoice for good, with the change that waits for it."""
    return _answer(lambda: gateway.void_invoice(invoice_id, idempotency_key=key))


def update_subscription(subscription_id: str, *, change: Document, key: str) -> Document:
    """Change a subscription and return it, with the change done or waiting for its payment."""
    return _answer(
        lambda: gateway.update_subscription(subscription_id, change=change, idempotency_key=key)
    )


def resume_subscription(subscription_id: str, *, has_card: bool, key: str) -> Document:
    """Let a paused subscription run again from today, once that is paid, and return it."""
    return _answer(
        lambda: gateway.resume_subscription(subscription_id, has_card=has_card, idempotency_key=key)
    )


def preview(subscription_id: str, *, change: Document, recurring: bool = False) -> Document:
    """Return the invoice that a change would lead to, or with `recurring` each later one."""
    return _answer(
        lambda: gateway.preview_change(subscription_id, change=change, recurring=recurring)
    )


def create_schedule(subscription_id: str, *, key: str) -> Document:
    """Attach a schedule to a subscription, with what it is now as its only phase."""
    return _answer(lambda: gateway.create_schedule(subscription_id, idempotency_key=key))


def update_schedule(schedule_id: str, *, change: Document, key: str) -> Document:
    """Write a schedule's phases, from the current one on."""
    return _answer(lambda: gateway.update_schedule(schedule_id, change=change, idempotency_key=key))


def release_schedule(schedule_id: str, *, key: str) -> Document:
    """Let a schedule's subscription go on by itself, as it is."""
    return _answer(lambda: gateway.release_schedule(schedule_id, idempotency_key=key))


def upcoming(subscription_id: str) -> Document | None:
    """Return the invoice that comes next by itself, or None if none does."""
    return _answer(lambda: gateway.upcoming_invoice(subscription_id))


def portal_configuration() -> str:
    """Return the id of what we have switched on of the portal; nothing if that was never made."""
    found = _answer(portal.ours)
    return str(found["id"]) if found else ""


def portal_session(*, params: Document, key: str) -> Document:
    """Open a session of Stripe's customer portal."""
    return _answer(lambda: gateway.create_portal_session(params=params, idempotency_key=key))


def live_subscriptions(customer_id: str) -> list[Document]:
    """Return a customer's subscriptions that have not been cancelled."""
    return _answer(lambda: gateway.live_subscriptions(customer_id))


def open_checkouts(customer_id: str) -> list[Document]:
    """Return the payment pages that a customer has open."""
    return _answer(lambda: gateway.open_checkout_sessions(customer_id))


def close_checkout(session_id: str) -> None:
    """End a payment page that is open: nobody can pay there any more."""
    _answer(lambda: gateway.expire_checkout_session(session_id))


def checkout(*, params: Document, key: str) -> Document:
    """Open a payment page."""
    return _answer(lambda: gateway.create_checkout_session(params=params, idempotency_key=key))


@contextmanager
def at_price(price: Price) -> Iterator[None]:
    """Tell a refusal that is for staff to mend, because the price is archived, from others."""
    try:
        yield
    except Refused:
        sale.check_sold(price)
        raise


def _answer(call: Callable[[], T]) -> T:
    try:
        return call()
    except gateway.CardRefused as error:
        log.info("card refused", reason=error.code, said=str(error))
        raise PaymentFailed(say(of_card(error.code))) from error
    except gateway.StripeBusy as error:
        raise Conflict(_("The same request is still being worked on.")) from error
    except gateway.StripeUnavailable as error:
        raise unreachable() from error
    except gateway.KeyRefused as error:
        log.exception("stripe does not take our key")
        raise unreachable() from error
    except gateway.StripeRefused as error:
        log.warning("stripe refused an owner's wish", reason=str(error), code=error.code)
        raise Refused(say(Situation.REFUSED)) from error
