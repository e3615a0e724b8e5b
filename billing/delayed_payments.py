"""Payments that take days, such as SEPA debits: under way, failed, and paid after all.

While one is under way, Stripe's events tell how it ends; for lost ones we look again, more and more
seldom. One that fails frees the name. Its subscription stays at Stripe, which tries again and lets the
buyer pay the invoice: money that comes late opens the workspace, under a near name if its own was
taken meanwhile. If the subscription has ended by then, the money goes back. What nobody pays for two
weeks, we end at Stripe ourselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any

import structlog
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from billing import access, gateway, stripe_account, stripe_sync
from billing.access_policy import ENDED_STATUSES
from public_apps.core import clock
from public_apps.core.templatetags.money import money
from public_apps.monitoring import incidents
from public_apps.onboarding import subdomains
from public_apps.onboarding.models import Signup

log = structlog.get_logger(__name__)
Document = dict[str, Any]
PROVISIONABLE = frozenset({"paid", "no_payment_required"})
SOONEST, LATEST = timedelta(minutes=10), timedelta(hours=12)
PATIENCE = timedelta(days=14)
FAILED = "The delayed payment failed."
PAID_LATE = incidents.kind(
    "paid_late",
    title=_("A payment came after it had failed"),
    advice=_(
        "Either the workspace is open under another name than was asked for: offer its owner another "
        "one. Or its subscription had ended: the line says whether the money went back by itself; "
        "if not, give it back at Stripe. Then close the incident in the admin."
    ),
)


class Standing(StrEnum):
    """How the payment of a session stands that its buyer is through with."""

    PAID = "paid"
    UNDER_WAY = "under way"
    FAILED = "failed"


def is_paid(session: Document) -> bool:
    """Whether a session says of itself that it is paid; of one that was paid late it doesn't."""
    done = session.get("status") == "complete"
    return done and session.get("payment_status") in PROVISIONABLE


def standing_of(session: Document) -> Standing:
    """Return how a complete session's payment stands, by its invoice if it doesn't say so itself."""
    if is_paid(session):
        return Standing.PAID
    invoice_id = stripe_sync.id_of(session.get("invoice"))
    invoice = _invoice(invoice_id) if invoice_id else None
    if invoice is not None and invoice["status"] == "paid":
        return Standing.PAID
    if _is_under_way(invoice):
        return Standing.UNDER_WAY
    paid = money_came(stripe_sync.id_of(session.get("subscription")))
    return Standing.PAID if paid else Standing.FAILED


def _is_under_way(invoice: Document | None) -> bool:
    if invoice is None or invoice["status"] not in {"draft", "open"}:
        return False
    tried = [intent["status"] for intent in stripe_sync.intents_of(invoice)]
    return not tried or "processing" in tried


def money_came(subscription_id: str) -> bool:
    """Whether any invoice of a subscription was paid, by Stripe's word."""
    return bool(subscription_id) and bool(_paid_invoices(subscription_id))


def _paid_invoices(subscription_id: str) -> list[Document]:
    found = gateway.invoices_of_subscription(subscription_id, status="paid")
    return [invoice for invoice in found if invoice["amount_paid"]]


def _invoice(invoice_id: str) -> Document | None:
    return stripe_account.found(
        lambda: gateway.invoice(invoice_id), f"invoice {invoice_id}", held=True
    )


# --- Under way, and failed ------------------------------------------------------------------------


def note_subscription(signup: Signup, session: Document) -> None:
    """Remember which subscription a sign-up is paid by: its events lead back here."""
    subscription_id = stripe_sync.id_of(session.get("subscription"))
    if subscription_id and signup.subscription_id != subscription_id:
        Signup.objects.filter(pk=signup.pk).update(subscription_id=subscription_id)
        signup.subscription_id = subscription_id


def wait(signup: Signup) -> None:
    """Look again after as long as it has taken by now: ten minutes at least, half a day at most."""
    now = clock.now()
    since = signup.pending_at or now
    pause = min(max(now - since, SOONEST), LATEST)
    Signup.objects.filter(pk=signup.pk, paid_at__isnull=True).update(
        pending_at=since, look_again_at=now + pause
    )


def fail(signup: Signup) -> None:
    """Note that a payment failed, and give the name back; one that is paid by now stays as it is."""
    now = clock.now()
    mine = Signup.objects.filter(
        pk=signup.pk, checkout_session_id=signup.checkout_session_id, paid_at__isnull=True
    )
    mine.filter(pending_at__isnull=True).update(pending_at=now)
    mine.filter(failed_at__isnull=True).update(failed_at=now, failure=FAILED)
    subdomains.release(signup=signup)


def is_awaited(subscription_id: str) -> bool:
    """Whether a sign-up waits for this subscription's money, and none has come."""
    waiting = Signup.objects.filter(
        subscription_id=subscription_id, paid_at__isnull=True, pending_at__isnull=False
    )
    return waiting.exists() and not money_came(subscription_id)


# --- Paid after all -------------------------------------------------------------------------------


def came_too_late(signup: Signup, subscription_id: str) -> bool:
    """Whether a payment that had failed came when its subscription was over: nothing to pay for."""
    if not signup.failed_at or signup.paid_at or not subscription_id:
        return False
    mirrored = access.sync_subscription(subscription_id=subscription_id)
    return mirrored is None or mirrored.gone_at is not None or mirrored.status in ENDED_STATUSES


def give_back(signup: Signup, subscription_id: str) -> None:
    """Give the money of a subscription that is over back, once, and tell staff; safe to repeat."""
    if signup.refunded_at:
        return
    lines = [_given_back(invoice) for invoice in _paid_invoices(subscription_id)]
    if not lines:
        lines = [f"{subscription_id} is paid and shows no such invoice: give it back by hand."]
    told = [f"{signup}: {line}" for line in lines]
    incidents.report_one(PAID_LATE, str(signup.pk), told)
    Signup.objects.filter(pk=signup.pk).update(
        refunded_at=clock.now(), failure="It was paid after its subscription had ended."
    )
    log.error("paid after the subscription had ended", signup=str(signup.pk))


def _given_back(invoice: Document) -> str:
    """Give what was paid for an invoice back, and return how that went."""
    paid = money(invoice["amount_paid"], invoice["currency"])
    try:
        for intent_id in _succeeded(invoice["id"]):
            gateway.give_back(intent_id, idempotency_key=f"late-{intent_id}")
    except gateway.KeyInvalid:
        raise
    except gateway.StripeRefused as refusal:
        if refusal.code != "charge_already_refunded":
            return f"{paid} ({invoice['id']}) has to be given back by hand: {refusal}"
    return f"{paid} ({invoice['id']}) was given back: its subscription had ended."


def _succeeded(invoice_id: str) -> Iterator[str]:
    for intent in stripe_sync.intents_of(gateway.invoice(invoice_id)):
        if intent["status"] == "succeeded":
            yield str(intent["id"])


def tell_of_late(signup: Signup) -> None:
    """Forget that a sign-up had failed that has its workspace now; tell staff if its name is another."""
    fresh = Signup.objects.get(pk=signup.pk)
    if fresh.failed_at is None:
        return
    if fresh.subdomain != fresh.requested_subdomain:
        wanted = f"{fresh}: paid late, and “{fresh.requested_subdomain}” was taken meanwhile."
        incidents.report_one(PAID_LATE, str(fresh.pk), [wanted])
    Signup.objects.filter(pk=fresh.pk).update(failed_at=None, failure="")


# --- Never paid -----------------------------------------------------------------------------------


def never_paid() -> QuerySet[Signup]:
    """Return sign-ups whose payment failed two weeks ago and whose subscription may still run."""
    return Signup.objects.filter(
        failed_at__lte=Now() - PATIENCE,
        paid_at__isnull=True,
        refunded_at__isnull=True,
        ended_at__isnull=True,
        subscription_id__isnull=False,
    )


def end_at_stripe(signup: Signup) -> None:
    """End what nobody has paid, and void its invoices: from then on nobody can pay it by mistake."""
    subscription_id = str(signup.subscription_id)
    mirrored = access.sync_subscription(subscription_id=subscription_id)
    if mirrored is not None and mirrored.gone_at is None and mirrored.status not in ENDED_STATUSES:
        gateway.cancel_subscription(subscription_id)
        access.sync_subscription(subscription_id=subscription_id)
    for invoice in gateway.invoices_of_subscription(subscription_id, status="open"):
        gateway.void_invoice(invoice["id"])
    Signup.objects.filter(pk=signup.pk).update(ended_at=clock.now())
    log.warning("never paid: ended at stripe", signup=str(signup.pk))
