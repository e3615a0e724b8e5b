"""A buyer who comes back from the payment page: reading, changing and giving up what is not paid.

The sign-up's id is all that it takes: nobody guesses it, and it stands in the buyer's own way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils.translation import gettext as _

from billing import checkout, checkout_sessions, sale
from billing.checkout import Order
from public_apps.core import clock, errors
from public_apps.onboarding.models import Signup
from public_apps.onboarding.signup import PERSONAL, NameTaken
from public_apps.tenants import domains

# A buyer may think it over for a day: as long as a session can be open at Stripe.
CHANGEABLE_FOR = timedelta(hours=24)


def id_from(text: str) -> UUID | None:
    """Return the sign-up's id that a link or a query carries, or None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def find(signup_id: UUID) -> Signup:
    """Return a sign-up; raise `Http404` if there is none."""
    signup = Signup.objects.filter(pk=signup_id).first()
    if signup is None:
        raise Http404
    return signup


def is_changeable(signup: Signup) -> bool:
    """Whether its buyer may still change it; an expired one is taken up again by that."""
    closed = signup.paid_at or signup.failed_at or signup.given_up_at
    return not closed and clock.now() < signup.created_at + CHANGEABLE_FOR


def summary_of(signup: Signup) -> dict[str, Any]:
    """Return what is told of a sign-up; what its buyer typed only as long as it can be changed."""
    changeable = is_changeable(signup)
    ends = signup.session_expires_at
    over = signup.released_at or (ends and ends <= clock.now())
    payable = changeable and not over and signup.checkout_url
    return {
        "signup_id": signup.pk,
        "status": signup.stage,
        "order": order_of(signup).typed if changeable else None,
        "session_id": signup.checkout_session_id,
        "checkout_url": signup.checkout_url if payable else None,
        "expires_at": ends if payable else None,
    }


def order_of(signup: Signup) -> Order:
    """Return what was ordered by a sign-up."""
    return Order(**{field.name: getattr(signup, field.name) for field in fields(Order)})


@sale.telling_staff()
@transaction.atomic
def change(*, signup_id: UUID, changes: Mapping[str, Any], language: str) -> Signup:
    """Return the sign-up with these changes, and a payment page for it; the one before is closed.

    What stands already is left as it is, its payment page too. Stripe's word decides between this
    and a payment: raises `checkout_sessions.AlreadyPaid` if that was quicker, `errors.Gone` for what
    can't be changed any more, what `checkout.start` raises, and `Http404`.
    """
    _refuse_in_manual_mode()
    signup = _locked(signup_id)
    before = order_of(signup)
    order = replace(before, **changes)
    price = checkout.price_of(order)
    checkout.check_name(order)
    if not is_changeable(signup):
        raise errors.Gone(_("This order can't be changed any more. Please begin a new one."))
    session_id = signup.checkout_session_id
    if (
        session_id
        and order == before
        and not signup.released_at
        and checkout_sessions.is_open(session_id)
    ):
        return signup
    _write(signup, order, language=language)
    checkout_sessions.open_instead(signup, price, of=session_id)
    return signup


@transaction.atomic
def give_up(*, signup_id: UUID) -> None:
    """Close the payment page, free the name, and forget who the buyer was. Safe to repeat.

    Raises `checkout_sessions.AlreadyPaid`, `errors.UpstreamFailed`, with nothing done, and `Http404`.
    """
    _refuse_in_manual_mode()
    signup = _locked(signup_id)
    if signup.given_up_at or signup.failed_at:
        return
    if signup.checkout_session_id:
        checkout_sessions.close(signup.checkout_session_id)
    signup.given_up_at = clock.now()
    signup.released_at = signup.released_at or signup.given_up_at
    signup.checkout_url = ""
    for name in PERSONAL:
        setattr(signup, name, "")
    signup.save()


def _locked(signup_id: UUID) -> Signup:
    """Return the sign-up with its row held; raise `checkout_sessions.AlreadyPaid` if it is paid."""
    signup = Signup.objects.select_for_update().filter(pk=signup_id).first()
    if signup is None:
        raise Http404
    if signup.paid_at:
        raise checkout_sessions.AlreadyPaid(signup.checkout_session_id or "")
    return signup


def _write(signup: Signup, order: Order, *, language: str) -> None:
    """Write the changes down and hold the name, a released one again; raise `NameTaken`."""
    for field in fields(Order):
        setattr(signup, field.name, getattr(order, field.name))
    signup.requested_subdomain = order.subdomain
    signup.language = language
    signup.released_at = None
    if domains.is_taken(order.subdomain):
        raise NameTaken
    try:
        with transaction.atomic():
            signup.save()
    except IntegrityError as error:
        raise NameTaken from error


def _refuse_in_manual_mode() -> None:
    if settings.STRIPE.mode == "manual":
        raise errors.Closed(_("Online purchase is closed just now. Please try again later."))
