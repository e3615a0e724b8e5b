"""Checkout sessions of sign-ups at Stripe: opened, and closed so that nobody can pay there any more."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from billing import (
    gateway,
    order_slips,
    sale,
    stripe_account,
    stripe_sync,
    tax,
    tax_ids,
    trials,
)
from billing.models import Price
from billing.words import Situation, say, unreachable
from public_apps.core import clock, email_addresses, errors
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


def open_for(signup: Signup, price: Price, *, key: str, since: datetime | None = None) -> None:
    """Open a session for a sign-up and note it down; its life counts from now, or `since` a time.

    A key that may come again needs such a time: Stripe takes it with the same parameters alone.

    Raises `errors.UpstreamFailed` if Stripe won't, of which `sale.NotForSale` is for staff to mend,
    `errors.Invalid` for a tax number that Stripe does not take, and `errors.Conflict` while Stripe is
    still at work on this key: asked again, it gives that session.
    """
    try:
        payer = _payer(signup)
        session = gateway.create_checkout_session(
            params=_params(signup, price, payer, since or clock.now()), idempotency_key=key
        )
    except gateway.KeyInUse as error:
        raise errors.Conflict(_("The same request is still being worked on.")) from error
    except gateway.StripeRefused as error:
        log.exception("checkout session refused", subdomain=signup.subdomain)
        if isinstance(error, gateway.KeyInvalid):
            stripe_account.tell_refused(error)
            raise unreachable() from error
        sale.check_sold(price)
        raise errors.UpstreamFailed(say(Situation.REFUSED)) from error
    except gateway.StripeUnavailable as error:
        log.exception("no checkout session", subdomain=signup.subdomain)
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


def _status_after(ask: Callable[[str], gateway.Document], session_id: str) -> str:
    """Return how a session stands once Stripe was asked; one that is gone counts as expired."""
    try:
        session = stripe_account.found(
            lambda: ask(session_id), f"checkout session {session_id}", held=True
        )
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


def _payer(signup: Signup) -> dict[str, Any]:
    """Return who pays: an address, or a customer made now, whose tax number stands on every invoice.

    The same order has the same customer, however often its page is opened within Stripe's day.
    """
    email = email_addresses.on_the_wire(signup.email)
    if not signup.tax_id:
        return {"customer_email": email}
    customer = {
        "email": email,
        "name": signup.organization,
        "preferred_locales": [signup.language],
        "metadata": {"signup_id": str(signup.pk)},
        "tax_id_data": [tax_ids.at_stripe(signup.tax_id)],
    }
    digest = hashlib.sha256(repr(sorted(customer.items())).encode()).hexdigest()[:16]
    key = f"customer-{signup.pk}-{digest}"
    try:
        made = gateway.create_customer(params=customer, idempotency_key=key)
    except gateway.TaxIdRefused as error:
        message = _("The payment provider does not take this tax number.")
        raise errors.Invalid(message, errors={"tax_id": [message]}) from error
    return {"customer": made["id"]}


def promotions() -> dict[str, Any]:
    """Return what lets a payment page take promotion codes, if our settings want that."""
    return {"allow_promotion_codes": True} if settings.STRIPE.promotion_codes else {}


def _params(signup: Signup, price: Price, payer: dict[str, Any], since: datetime) -> dict[str, Any]:
    # What would open the workspace again; no password, no personal data beyond the address to bill.
    metadata = order_slips.of(signup)
    subscription_data: dict[str, Any] = {"metadata": metadata}
    if days := trials.days_for(price.plan, email=signup.email):
        subscription_data["trial_period_days"] = days
        subscription_data["trial_settings"] = trials.AT_END_WITHOUT_CARD
    return {
        "mode": "subscription",
        "client_reference_id": str(signup.pk),
        "metadata": metadata,
        "subscription_data": subscription_data,
        **payer,
        **promotions(),
        **tax.at_checkout(customer="customer" in payer),
        "line_items": [{"price": price.stripe_price_id, "quantity": 1}],
        "success_url": links.after_payment(frontend=signup.frontend_url),
        "cancel_url": links.back_to_signup(signup.pk, frontend=signup.frontend_url),
        "expires_at": int((since + SESSION_LIFE).timestamp()),
        "locale": signup.language,
    }
