"""From the form to a paid sign-up: start a checkout session, and settle how it ended."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from billing import (
    access,
    checkout_sessions,
    delayed_payments,
    gateway,
    order_slips,
    sale,
    stripe_account,
    stripe_sync,
)
from billing.delayed_payments import Standing
from billing.models import Lead, Price, Subscription
from billing.outcomes import Done, Ignored, Outcome
from public_apps.core import clock, errors, jobs, locks
from public_apps.core.sweeps import Sweep
from public_apps.onboarding import subdomains
from public_apps.onboarding.models import Signup, Source
from public_apps.onboarding.open_workspace import ensure_tenant, open_workspace
from public_apps.onboarding.signup import IDENTIFYING, NameTaken, SignupData, sign_up
from public_apps.tenants import domains
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
NO_SESSION_LIFE = timedelta(minutes=10)
UNFINISHED_AFTER = timedelta(seconds=60)
JOBS = "signup"  # what the locks of their jobs begin with


@dataclass(frozen=True, kw_only=True)
class Order(SignupData):
    """What somebody wants to buy, its form already checked field by field."""

    interval: str
    # The site that the buyer comes from and returns to; empty: the one of our settings.
    frontend_url: str = ""

    @property
    def fingerprint(self) -> str:
        """Return a digest by which a repeated request is recognised."""
        said = asdict(self) if self.frontend_url else self.typed
        if not self.tax_id:  # as before there was such a field
            said = {name: value for name, value in said.items() if name != "tax_id"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@sale.telling_staff()
def start(*, order: Order, language: str, idempotency_key: str | None) -> Signup:
    """Hold the name and open a checkout session for it, in place of one that this buyer left.

    Raises `errors.Closed` in manual mode (the wish is kept as a lead), `errors.Invalid` by field,
    `errors.Conflict` for a taken name or a request still in flight, `checkout_sessions.AlreadyPaid`,
    `errors.KeyReused`, and `errors.UpstreamFailed` within ten seconds when Stripe does not answer;
    the name is then free, or its buyer's as before.
    """
    if settings.STRIPE.mode == "manual":
        keep_lead(order=order)
        raise errors.Closed(
            _("Online purchase is closed just now. We kept your request and will write to you.")
        )
    price = price_of(order)
    check_name(order)
    if not idempotency_key:
        return _started(order, price, language=language, idempotency_key=None)
    # Whoever dies between the name and Stripe's answer holds the lock no longer: the same key goes on.
    with locks.while_alive(f"checkout {idempotency_key}") as alone:
        earlier = _earlier(order, idempotency_key)
        if not alone and (earlier is None or not earlier.checkout_session_id):
            raise errors.Conflict(_("The same request is still being worked on."))
        if earlier is None:
            return _started(order, price, language=language, idempotency_key=idempotency_key)
        return earlier if earlier.checkout_session_id else _with_session(earlier, price)


def _started(order: Order, price: Price, *, language: str, idempotency_key: str | None) -> Signup:
    if _own_earlier(order).exists():
        return _instead_of_own(order, price, language=language, idempotency_key=idempotency_key)
    signup = _sign_up(order, language, idempotency_key)
    return _with_session(signup, price)


def _with_session(signup: Signup, price: Price) -> Signup:
    """Open a sign-up's first session; asked for again, Stripe answers with the same."""
    try:
        checkout_sessions.open_for(
            signup, price, key=f"signup-{signup.pk}", since=signup.created_at
        )
    except errors.UpstreamFailed:
        subdomains.release(signup=signup)
        raise
    return signup


def keep_lead(*, order: Order) -> None:
    """Keep a wish that came while the shop was closed, once."""
    Lead.objects.update_or_create(
        email=order.email, subdomain=order.subdomain, defaults=order.typed
    )


def price_of(order: Order) -> Price:
    """Return the price that is asked for; raise `errors.Invalid` by field if there is none."""
    prices = Price.objects.select_related("plan").filter(
        plan__code=order.plan, plan__offered=True, currency=settings.STRIPE.currency
    )
    if not prices:
        message = _("There is no such plan.")
        raise errors.Invalid(message, errors={"plan": [message]}, code="does_not_exist")
    price = prices.filter(interval=order.interval).first()
    if price is None:
        message = _("This plan has no price for this interval.")
        raise errors.Invalid(message, errors={"interval": [message]})
    if not price.stripe_price_id:
        log.error("price is not at Stripe; run `manage.py plans push`", price=price.lookup_key)
        raise sale.NotForSale(price)
    return price


def check_name(order: Order) -> None:
    """Raise `errors.Invalid` unless the name may be a workspace's."""
    try:
        domains.check_label(order.subdomain)
    except domains.NotALabel as refusal:
        raise errors.Invalid(str(refusal), errors={"subdomain": [str(refusal)]}) from refusal


def _earlier(order: Order, key: str) -> Signup | None:
    earlier = Signup.objects.filter(idempotency_key=key, released_at__isnull=True).first()
    if earlier is None:
        return None
    if earlier.request_fingerprint != order.fingerprint:
        raise errors.KeyReused(_("This Idempotency-Key was used with another request."))
    return earlier


def _sign_up(order: Order, language: str, idempotency_key: str | None) -> Signup:
    return sign_up(
        wish=order,
        language=language,
        interval=order.interval,
        frontend_url=order.frontend_url,
        idempotency_key=idempotency_key,
        request_fingerprint=order.fingerprint,
    )


def _own_earlier(order: Order) -> QuerySet[Signup]:
    """Return the sign-up by which this buyer has the name already, with a payment page left open.

    The same buyer is who types the same: address, names and organisation. What they are given is a
    sign-up of its own, so that somebody who guessed all that can't read or change the other one.
    """
    held = subdomains.held_by(order.subdomain).filter(
        paid_at__isnull=True, checkout_session_id__isnull=False
    )
    same = {name: value for name, value in order.typed.items() if name in IDENTIFYING}
    same["email__iexact"] = same.pop("email")
    return held.filter(**same)


@transaction.atomic
def _instead_of_own(
    order: Order, price: Price, *, language: str, idempotency_key: str | None
) -> Signup:
    """Let a new sign-up take the place of one that its buyer left: at any time one can be paid."""
    left = _own_earlier(order).select_for_update().first()
    if left is None:
        raise NameTaken
    left.released_at = left.given_up_at = clock.now()
    left.save(update_fields=["released_at", "given_up_at"])
    signup = _sign_up(order, language, idempotency_key)
    checkout_sessions.open_instead(signup, price, of=str(left.checkout_session_id))
    return signup


# --- How it ended ---------------------------------------------------------------------------------


def settle_session(*, session_id: str) -> Outcome:
    """Look at a session at Stripe and bring its sign-up to where it should be. Safe to repeat."""
    session = stripe_account.found(
        lambda: gateway.checkout_session(session_id),
        f"checkout session {session_id}",
        held=Signup.objects.filter(checkout_session_id=session_id).exists(),
    )
    if session is None:
        return Ignored(reason="Stripe knows no such session.")
    signup = _signup_of(session)
    if signup is None:
        return Ignored(reason=_why_nobodys(session))
    if session.get("status") == "complete":
        return _settle_complete(signup, session)
    if session.get("status") == "expired":
        subdomains.release(signup=signup)
    return Done(tenant=signup.tenant)


def _why_nobodys(session: dict[str, Any]) -> str:
    slip = order_slips.read(session)
    if slip is None or not slip.is_ours or Signup.objects.filter(pk=slip.signup_id).exists():
        return "The session is not one of ours."
    return (
        f"Sign-up {slip.signup_id} is not here. If this database came back from a dump: "
        "“manage.py recover --since TIME”, with the dump's time, brings back who bought since."
    )


def settle_failed_payment(*, session_id: str) -> Outcome:
    """Give the name back after a delayed payment has failed, unless it was paid after all.

    Its subscription stays at Stripe and is listened to: see `delayed_payments`.
    """
    outcome = settle_session(session_id=session_id)
    signup = Signup.objects.filter(checkout_session_id=session_id, paid_at__isnull=True).first()
    if signup is not None:
        delayed_payments.fail(signup)
    return outcome


def settle_signup(*, signup_id: UUID) -> None:
    """Bring a sign-up that no event has moved to where Stripe says that it should be."""
    signup = Signup.objects.get(pk=signup_id)
    if signup.source == Source.STRIPE:
        open_with_subscription(signup)
        return
    if signup.paid_at:  # that is known here, whether Stripe can be asked about it or not
        open_workspace(signup=signup)
    if signup.checkout_session_id:
        settle_session(session_id=signup.checkout_session_id)
    elif not signup.paid_at:
        subdomains.release(signup=signup)


def settle_stuck(*, signup_id: UUID) -> None:
    """Settle a sign-up that a sweep has found, and note how that went; raises as `settle_signup`."""
    signup = Signup.objects.get(pk=signup_id)
    sweep = UNFINISHED if signup.paid_at else UNPAID
    sweep.attempt(signup, lambda each: settle_signup(signup_id=each.pk))


def unfinished() -> QuerySet[Signup]:
    """Return sign-ups that are paid, not ready, and that nobody is at work on."""
    left = Signup.objects.filter(ready_at__isnull=True, paid_at__lte=Now() - UNFINISHED_AFTER)
    return jobs.without_job(left.only("paid_at"), lock=JOBS)


def unpaid() -> QuerySet[Signup]:
    """Return sign-ups past their session's end, or without one.

    A payment of days is asked about again at its own time: see `delayed_payments`.
    """
    overdue = Q(session_expires_at__lte=Now()) & (
        Q(look_again_at__isnull=True) | Q(look_again_at__lte=Now())
    )
    sessionless = Q(checkout_session_id__isnull=True, created_at__lte=Now() - NO_SESSION_LIFE)
    waiting = Signup.objects.filter(
        overdue | sessionless, paid_at__isnull=True, released_at__isnull=True
    )
    return jobs.without_job(waiting.only("paid_at"), lock=JOBS)


def enqueue(signup: Signup) -> None:
    """Have a worker settle a sign-up, unless its job is waiting."""
    rank = jobs.PURCHASE if signup.paid_at else jobs.LATE_SIGNUP
    lock = f"{JOBS}:{signup.pk}"
    jobs.defer_once("billing.settle_signup", lock=lock, rank=rank, signup_id=str(signup.pk))


# Apart, so that whoever has paid has nobody of the others before them.
UNFINISHED: Sweep[Signup] = Sweep(
    name="paid_signups",
    rows=unfinished,
    work=enqueue,
    named=lambda signup: f"sign-up {signup.pk}",
    order=("paid_at",),
    most=1000,
    longest=timedelta(minutes=1),
    jobs_tell=True,
)
UNPAID: Sweep[Signup] = Sweep(
    name="unpaid_signups",
    rows=unpaid,
    work=enqueue,
    named=lambda signup: f"sign-up {signup.pk}",
    order=("created_at",),
    longest=timedelta(minutes=5),
    jobs_tell=True,
)


def _settle_complete(signup: Signup, session: dict[str, Any]) -> Outcome:
    delayed_payments.note_subscription(signup, session)
    match delayed_payments.standing_of(session):
        case Standing.PAID:
            return _settle_paid(signup, session)
        case Standing.UNDER_WAY:
            delayed_payments.wait(signup)
        case Standing.FAILED:
            delayed_payments.fail(signup)
    return Done(tenant=signup.tenant)


def _settle_paid(signup: Signup, session: dict[str, Any]) -> Outcome:
    subscription_id = stripe_sync.id_of(session.get("subscription"))
    if delayed_payments.came_too_late(signup, subscription_id):
        delayed_payments.give_back(signup, subscription_id)
        return Done()
    Signup.objects.filter(pk=signup.pk, paid_at__isnull=True).update(paid_at=clock.now())
    tenant = open_workspace(signup=signup)
    stripe_sync.link_customer(customer_id=stripe_sync.id_of(session.get("customer")), tenant=tenant)
    if subscription_id:
        access.sync_subscription(subscription_id=subscription_id)
    delayed_payments.tell_of_late(signup)
    return Done(tenant=tenant)


def open_with_subscription(signup: Signup) -> Tenant:
    """Open the workspace of a sign-up that was made for a subscription; safe to repeat.

    Whose the customer is stands before the door opens: a sign-up that is ready is looked at no more.
    """
    tenant = ensure_tenant(signup=signup)
    mirrored = Subscription.objects.get(pk=signup.subscription_id)
    stripe_sync.link_customer(customer_id=mirrored.customer_id, tenant=tenant)
    open_workspace(signup=signup)
    mirrored.refresh_from_db()
    access.apply_subscription(mirrored, cause=mirrored.pk)
    return tenant


def _signup_of(session: dict[str, Any]) -> Signup | None:
    """Return whose session this is; one that we had no time to note down is noted now."""
    found = Signup.objects.filter(checkout_session_id=session["id"]).first()
    if found is not None:
        return found
    try:
        signup_id = UUID(str(session.get("client_reference_id")))
    except ValueError:
        return None
    noted = Signup.objects.filter(pk=signup_id, checkout_session_id__isnull=True).update(
        checkout_session_id=session["id"]
    )
    return Signup.objects.get(pk=signup_id) if noted else _paid_elsewhere(signup_id, session)


def _paid_elsewhere(signup_id: UUID, session: dict[str, Any]) -> Signup | None:
    """Return the sign-up of a session that it does not know of, if that was paid all the same.

    Sessions are closed before others take their place, by Stripe's own word. Should one be paid
    against all that, it is the one that counts, unless the sign-up has been paid besides.
    """
    if not delayed_payments.is_paid(session):
        return None
    taken_up = Signup.objects.filter(pk=signup_id, paid_at__isnull=True).update(
        checkout_session_id=session["id"]
    )
    log.error("a session that had been replaced was paid", session=session["id"], by=str(signup_id))
    return Signup.objects.get(pk=signup_id) if taken_up else None
