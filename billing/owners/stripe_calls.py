"""What an owner asks of Stripe while they wait: whatever it answers becomes a decided problem here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog
from django.utils.translation import gettext as _

from billing import gateway
from billing.gateway import Document
from public_apps.core.errors import Conflict, Problem, UpstreamFailed

log = structlog.get_logger(__name__)
T = TypeVar("T")


class PaymentFailed(Problem):
    """The card was declined, and nothing was changed."""

    slug = "payment-failed"


class Refused(Conflict):
    """Stripe understood and said no; the detail holds its reason."""

    slug = "payment-provider-refused"


def subscription(subscription_id: str) -> Document:
    """Return a subscription as it is now."""
    return _answer(lambda: gateway.current_subscription(subscription_id))


def update_subscription(subscription_id: str, *, change: Document, key: str) -> Document:
    """Change a subscription and return it; a declined card changes nothing."""
    return _answer(
        lambda: gateway.update_subscription(subscription_id, change=change, idempotency_key=key)
    )


def resume_subscription(subscription_id: str, *, key: str) -> Document:
    """Let a paused subscription run again from today, and return it."""
    return _answer(lambda: gateway.resume_subscription(subscription_id, idempotency_key=key))


def preview(subscription_id: str, *, change: Document) -> Document:
    """Return the invoice that a change would lead to."""
    return _answer(lambda: gateway.preview_change(subscription_id, change=change))


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


def _answer(call: Callable[[], T]) -> T:
    try:
        return call()
    except gateway.CardRefused as error:
        raise PaymentFailed(str(error)) from error
    except gateway.StripeBusy as error:
        raise Conflict(_("The same request is still being worked on.")) from error
    except gateway.StripeUnavailable as error:
        raise _unreachable() from error
    except gateway.KeyRefused as error:
        log.exception("stripe does not take our key")
        raise _unreachable() from error
    except gateway.StripeRefused as error:
        log.warning("stripe refused an owner's wish", reason=str(error))
        reason = _("The payment provider refused this: %(reason)s") % {"reason": error}
        raise Refused(reason) from error


def _unreachable() -> UpstreamFailed:
    return UpstreamFailed(_("We could not reach the payment provider. Please try again."))
