"""Checkout sessions of sign-ups at Stripe: opened, and closed so that nobody can pay there any more."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import gateway, stripe_account, stripe_sync
from billing.models import Price
from public_apps.core import email_addresses, errors
from public_apps.onboarding.models import Signup
from public_apps.tenants import links

log = structlog.get_logger(__name__)
# Stripe takes 30 minutes to 24 hours; a name should not be held longer than somebody needs to pay.
SESSION_LIFE = timedelta(minutes=61)
STRIPE_ERRORS = (gateway.StripeUnavailable, gateway.StripeRefused)


class AlreadyPaid(errors.Conflict):
    """The buyer was through with the payment page before the wish came; `status_url` goes along."""

    slug = "already-paid"

    def __init__(self, session_id: str) -> None:
        super().__init__(_("This order is paid, or its payment is on its way."))
        self.session_id = session_id
        self.status_url = ""

    def body(self) -> dict[str, Any]:
        """Return the problem document, with the address that tells how far the workspace is."""
        return {**super().body(), "status_url": self.status_url}


def open_for(signup: Signup, price: Price, *, key: str) -> None:
    """Open a session for a sign-up and note it down; raise `errors.UpstreamFailed` if Stripe won't."""
    try:
        session = gateway.create_checkout_session(
            params=_params(signup, price), idempotency_key=key
        )
    except STRIPE_ERRORS as error:
        log.exception("checkout session refused", subdomain=signup.subdomain)
        raise unreachable() from error
    signup.checkout_session_id = session["id"]
    signup.checkout_url = session["url"]
    signup.session_expires_at = stripe_sync.moment(session["expires_at"])
    signup.save(update_fields=["checkout_session_id", "checkout_url", "session_expires_at"])


def open_instead(signup: Signup, price: Price, *, of: str | None) -> None:
    """Open a session for a sign-up and close the session `of`, if any, in this order: both or neither.

    Nobody has seen the new one before the old one is closed. Call it in a transaction, which what it
    raises must undo: `AlreadyPaid`, and `errors.UpstreamFailed`.
    """
    open_for(signup, price, key=f"signup-{signup.pk}-{uuid.uuid4().hex}")
    try:
        if of:
            close(of)
    except errors.Problem:
        _abandon(str(signup.checkout_session_id))
        raise


def close(session_id: str) -> None:
    """See to it that nobody can pay at a session any more.

    Raises `AlreadyPaid` if somebody has been through with it, by Stripe's own word, and
    `errors.UpstreamFailed` if there is no such word.
    """
    if _status_after(gateway.close_checkout_session, session_id) != "expired":
        raise unreachable()


def is_open(session_id: str) -> bool:
    """Whether somebody can still pay at a session; raises as `close`."""
    return _status_after(gateway.checkout_session, session_id) == "open"


def unreachable() -> errors.UpstreamFailed:
    """Return the refusal for a Stripe that did not answer, or not as it should."""
    return errors.UpstreamFailed(_("We could not reach the payment provider. Please try again."))


def _status_after(ask: Callable[[str], gateway.Document | None], session_id: str) -> str:
    """Return how a session stands once Stripe was asked; one that is gone counts as expired."""
    try:
        session = ask(session_id)
        if session is None:
            stripe_account.confirm_gone(f"checkout session {session_id}", held=True)
    except STRIPE_ERRORS as error:
        log.exception("no word on a checkout session", session=session_id)
        raise unreachable() from error
    status = "expired" if session is None else str(session["status"])
    if status == "complete":
        raise AlreadyPaid(session_id)
    return status


def _abandon(session_id: str) -> None:
    """Close a session that nobody was shown, as well as that goes: it ends by itself otherwise."""
    try:
        gateway.close_checkout_session(session_id)
    except STRIPE_ERRORS as error:
        log.warning("checkout session left to end by itself", session=session_id, error=str(error))


def _params(signup: Signup, price: Price) -> dict[str, Any]:
    # Only the sign-up's id goes along: no password, no personal data beyond the address to bill.
    metadata = {"signup_id": str(signup.pk)}
    subscription_data: dict[str, Any] = {"metadata": metadata}
    if price.plan.trial_days:
        subscription_data["trial_period_days"] = price.plan.trial_days
    return {
        "mode": "subscription",
        "client_reference_id": str(signup.pk),
        "metadata": metadata,
        "subscription_data": subscription_data,
        "customer_email": email_addresses.on_the_wire(signup.email),
        "line_items": [{"price": price.stripe_price_id, "quantity": 1}],
        "success_url": links.after_payment(frontend=signup.frontend_url),
        "cancel_url": links.back_to_signup(signup.pk, frontend=signup.frontend_url),
        "expires_at": int((timezone.now() + SESSION_LIFE).timestamp()),
        "locale": signup.language,
    }
