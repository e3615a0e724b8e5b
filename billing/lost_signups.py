"""Making a sign-up again that our database has lost: from its slip at Stripe, and Stripe's customer.

It gets the id that it had, so that its session, its subscription and all their events find it as
before; from there it goes the way of every other one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from billing import access, checkout, gateway, stripe_account, stripe_sync
from billing.access_policy import CHARGING_STATUSES
from billing.order_slips import OrderSlip
from public_apps.core import clock, email_addresses
from public_apps.onboarding.models import Signup, Source
from public_apps.onboarding.signup import column_of
from public_apps.tenants import domains

log = structlog.get_logger(__name__)
Document = dict[str, Any]
HAS_PAID = CHARGING_STATUSES | {"unpaid", "paused"}


class NotTold(Exception):
    """Stripe does not tell what a workspace needs; the message says what is missing, for staff."""


def reopen(slip: OrderSlip, *, bearer: Document, payer: Document) -> Signup:
    """Make the sign-up again that a subscription names, and open its workspace. Safe to repeat.

    `bearer` is the subscription with the slip on it, `payer` one of the same customer that runs: the
    same one, unless the customer left and came back. Raises `NotTold`, with nothing done.
    """
    session = gateway.session_of_subscription(bearer["id"])
    if session is None and payer["status"] not in HAS_PAID:
        raise NotTold("Stripe shows no payment page of it, and nothing that was paid.")
    signup = _made(slip, session, payer)
    # Before it has a tenant: one that has ended must not seem to be all that there is.
    access.sync_subscription(subscription_id=payer["id"])
    if session is not None:
        checkout.settle_session(session_id=session["id"])
    else:  # Stripe forgets sessions sooner than subscriptions
        checkout.open_with_subscription(signup)
    return Signup.objects.select_related("tenant").get(pk=signup.pk)


def hold_page(slip: OrderSlip, *, session: Document) -> Signup:
    """Make the sign-up again whose payment page is still open: whoever pays there is known again."""
    return _made(slip, session, session)


def _made(slip: OrderSlip, session: Document | None, payer: Document) -> Signup:
    if not slip.is_whole:
        raise NotTold("It was bought under a release that wrote no order slip at Stripe.")
    fields: dict[str, Any] = {
        "source": Source.CHECKOUT,
        "organization": slip.organization,
        "subdomain": slip.subdomain,
        "requested_subdomain": slip.subdomain,
        "plan": slip.plan,
        "interval": slip.interval,
        "language": slip.language,
        **_buyer(session or {}, payer),
    }
    if session is None:
        fields |= {
            "source": Source.STRIPE,
            "subscription_id": payer["id"],
            "paid_at": stripe_sync.moment(payer.get("created")) or clock.now(),
        }
    else:
        fields |= {
            "checkout_session_id": session["id"],
            "checkout_url": session.get("url") or "",
            "session_expires_at": stripe_sync.moment(session.get("expires_at")),
            "created_at": stripe_sync.moment(session.get("created")) or clock.now(),
        }
    signup = _kept(slip, fields)
    log.warning("sign-up made again", signup=str(signup.pk), session=signup.checkout_session_id)
    return signup


def _kept(slip: OrderSlip, fields: dict[str, Any]) -> Signup:
    """Write the sign-up, its name held; not held if another has it, and a near one is found later."""
    if not domains.is_taken(slip.subdomain):
        with suppress(IntegrityError), transaction.atomic():  # another sign-up may hold it
            return Signup.objects.create(pk=slip.signup_id, **fields)
    known = Signup.objects.filter(pk=slip.signup_id).first()
    if known is not None:  # another run was quicker
        return known
    return Signup.objects.create(pk=slip.signup_id, released_at=clock.now(), **fields)


def _buyer(session: Document, payer: Document) -> dict[str, str]:
    """Return who bought: the address of the payment page, as a customer's may be its accountant's."""
    customer_id = stripe_sync.id_of(payer.get("customer"))
    customer = (_customer(customer_id) if customer_id else None) or {}
    details = session.get("customer_details") or {}
    told = session.get("customer_email") or details.get("email") or customer.get("email")
    try:
        email = email_addresses.read(str(told or ""))
    except ValidationError as refusal:
        raise NotTold(f"Its address {told!r} can't be mailed.") from refusal
    if not email:
        raise NotTold("Neither its payment page nor its customer has an address.")
    first, _space, last = str(details.get("name") or customer.get("name") or "").partition(" ")
    numbers = [str(each.get("value") or "") for each in details.get("tax_ids") or ()]
    said = {"email": email, "first_name": first, "last_name": last.strip()}
    said["tax_id"] = next(iter(numbers), "")
    return {name: text[: column_of(name).max_length] for name, text in said.items()}


def _customer(customer_id: str) -> Document | None:
    return stripe_account.found(
        lambda: gateway.customer(customer_id), f"customer {customer_id}", customer_id=customer_id
    )
