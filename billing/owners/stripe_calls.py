"""What an owner asks of Stripe while they wait: whatever it answers becomes a decided problem here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import structlog
from django.utils.translation import gettext as _

from billing import gateway
from billing.gateway import Document
from public_apps.core.errors import Conflict, Problem, UpstreamFailed

log = structlog.get_logger(__name__)
Client: TypeAlias = Any  # Stripe's own client, whose module only the gateway knows
WHOLE = ["latest_invoice"]  # what the mirror reads beside the subscription itself


class PaymentFailed(Problem):
    """The card was declined, and nothing was changed."""

    slug = "payment-failed"


class Refused(Conflict):
    """Stripe understood and said no; the detail holds its reason."""

    slug = "payment-provider-refused"


def subscription(subscription_id: str) -> Document:
    """Return a subscription as it is now."""
    params = {"expand": WHOLE}
    return _ask(lambda client: client.v1.subscriptions.retrieve(subscription_id, params))


def update_subscription(subscription_id: str, *, change: Document, key: str) -> Document:
    """Change a subscription and return it; a declined card changes nothing."""
    params = {**change, "expand": WHOLE}
    options = {"idempotency_key": key}
    return _ask(lambda client: client.v1.subscriptions.update(subscription_id, params, options))


def resume_subscription(subscription_id: str, *, key: str) -> Document:
    """Let a paused subscription run again from today, and return it."""
    params = {"billing_cycle_anchor": "now", "expand": WHOLE}
    options = {"idempotency_key": key}
    return _ask(lambda client: client.v1.subscriptions.resume(subscription_id, params, options))


def preview(subscription_id: str, *, change: Document) -> Document:
    """Return the invoice that a change would lead to."""
    params = {"subscription": subscription_id, "subscription_details": change}
    return _ask(lambda client: client.v1.invoices.create_preview(params))


def portal_session(*, params: Document, key: str) -> Document:
    """Open a session of Stripe's customer portal."""
    options = {"idempotency_key": key}
    return _ask(lambda client: client.v1.billing_portal.sessions.create(params, options))


def live_subscriptions(customer_id: str) -> list[Document]:
    """Return a customer's subscriptions that have not been cancelled."""
    params = {"customer": customer_id, "limit": 100}
    return _rows(_ask(lambda client: client.v1.subscriptions.list(params)))


def open_checkouts(customer_id: str) -> list[Document]:
    """Return the payment pages that a customer has open."""
    params = {"customer": customer_id, "status": "open", "limit": 100}
    return _rows(_ask(lambda client: client.v1.checkout.sessions.list(params)))


def close_checkout(session_id: str) -> None:
    """End a payment page that is open: nobody can pay there any more."""
    _ask(lambda client: client.v1.checkout.sessions.expire(session_id))


def checkout(*, params: Document, key: str) -> Document:
    """Open a payment page."""
    options = {"idempotency_key": key}
    return _ask(lambda client: client.v1.checkout.sessions.create(params, options))


def _rows(found: Document) -> list[Document]:
    rows: list[Document] = found["data"]
    return rows


def _ask(call: Callable[[Client], Any]) -> Document:
    try:
        return gateway.call_api(call)
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
