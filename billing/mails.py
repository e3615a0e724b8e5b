"""What owners are told by mail: each occurrence once, however often and in whatever order it is heard.

A mail is promised under a key made of what happened; what it says, and whether it is still true, is
seen when it leaves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.dispatch import receiver
from django.utils import timezone

from billing.models import Invoice, Subscription
from public_apps.accounts.models import Role, User
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import links
from public_apps.tenants.models import AccessChange, Tenant
from public_apps.tenants.suspension import access_changed

TRIAL_ENDING = "trial_ending"
PAYMENT_FAILED = "payment_failed"
ACTION_REQUIRED = "action_required"
SUSPENDED = "suspended"
BACK_AGAIN = "back_again"
CANCELLED = "cancelled"
KINDS = (TRIAL_ENDING, PAYMENT_FAILED, ACTION_REQUIRED, SUSPENDED, BACK_AGAIN, CANCELLED)
# When Stripe rings `trial_will_end`; at once for a trial that is shorter.
TRIAL_NOTICE = timedelta(days=3)


# --- Promises -------------------------------------------------------------------------------------


def enqueue_about(subscription: Subscription) -> None:
    """Promise what a subscription's state calls for, also when its events came before its tenant."""
    enqueue_cancelled(subscription)
    if subscription.trial_end and subscription.trial_end - timezone.now() <= TRIAL_NOTICE:
        enqueue_trial_ending(subscription)
    tried = Invoice.objects.select_related("tenant").filter(
        subscription_id=subscription.pk, status="open", attempt_count__gt=0
    )
    for invoice in tried:
        enqueue_payment_failed(invoice)


def enqueue_trial_ending(subscription: Subscription) -> None:
    """Promise a word before a trial ends; a trial that is prolonged earns another."""
    if subscription.status == "trialing" and subscription.trial_end:
        _promise(TRIAL_ENDING, subscription.tenant, subscription.pk, _stamp(subscription.trial_end))


def enqueue_payment_failed(invoice: Invoice) -> None:
    """Promise a word about this try to charge the card: that it failed, or that the bank asks."""
    if invoice.bank_asks:
        enqueue_action_required(invoice)
    elif _is_unpaid(invoice):
        _promise(PAYMENT_FAILED, invoice.tenant, invoice.pk, invoice.attempt_count)


def enqueue_action_required(invoice: Invoice) -> None:
    """Promise a word that the bank wants the owner to confirm the payment."""
    if _is_unpaid(invoice):
        _promise(ACTION_REQUIRED, invoice.tenant, invoice.pk, invoice.attempt_count)


def enqueue_cancelled(subscription: Subscription) -> None:
    """Promise a word about a cancellation, for a later day or at once; a second one earns another."""
    if subscription.canceled_at:
        _promise(CANCELLED, subscription.tenant, subscription.pk, _stamp(subscription.canceled_at))


@receiver(access_changed)
def enqueue_access_changed(change: AccessChange, **_extra: Any) -> None:
    """Promise a word about a suspension, or about its end.

    What a cancellation on the spot suspends, the word about the cancellation tells.
    """
    if change.suspended and _ended_on_the_spot(change.cause):
        return
    _promise(SUSPENDED if change.suspended else BACK_AGAIN, change.tenant, change.pk)


def _ended_on_the_spot(subscription_id: str) -> bool:
    at_once = F("canceled_at") + timedelta(minutes=1)
    return Subscription.objects.filter(pk=subscription_id, ended_at__lte=at_once).exists()


def _promise(kind: str, tenant: Tenant | None, *occurrence: object) -> None:
    """Promise one mail to each owner, in their language; asking again changes nothing."""
    if tenant is None or tenant.archived_at or not tenant.opened_at:
        return
    for owner in _owners_of(tenant):
        key = ":".join(str(part) for part in (tenant.pk, *occurrence, owner.pk))
        mail.enqueue(kind=kind, key=key, to=owner.email, language=owner.language)


def _owners_of(tenant: Tenant) -> list[User]:
    with inside(tenant.schema_name):
        return list(User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk"))


def _stamp(moment: datetime) -> int:
    return int(moment.timestamp())


# --- What they say --------------------------------------------------------------------------------


@mail.composes(TRIAL_ENDING)
def trial_ending(outgoing: OutgoingMail) -> Content | None:
    """Say when the trial ends and what is charged then; nothing if it has changed meanwhile."""
    subscription, stamp = _subscription(outgoing)
    trial_end = subscription.trial_end
    if subscription.status != "trialing" or trial_end is None or _stamp(trial_end) != stamp:
        return None
    if subscription.cancel_at or trial_end <= timezone.now():
        return None
    return _content(
        outgoing,
        subscription.tenant,
        on=trial_end,
        amount=subscription.renewal_amount,
        currency=subscription.currency,
    )


@mail.composes(PAYMENT_FAILED)
def payment_failed(outgoing: OutgoingMail) -> Content | None:
    """Say that the card was declined, and where to settle it; nothing if it has been."""
    return _about_invoice(outgoing)


@mail.composes(ACTION_REQUIRED)
def action_required(outgoing: OutgoingMail) -> Content | None:
    """Say that the bank asks for a confirmation, and where; nothing if it has been given."""
    return _about_invoice(outgoing)


@mail.composes(SUSPENDED)
def suspended(outgoing: OutgoingMail) -> Content | None:
    """Say that the workspace is closed for now and its data kept; nothing if it is open again."""
    tenant, latest = _change(outgoing)
    return _content(outgoing, tenant, by_staff=tenant.held_at is not None) if latest else None


@mail.composes(BACK_AGAIN)
def back_again(outgoing: OutgoingMail) -> Content | None:
    """Say that the workspace is open again; nothing if it was closed once more."""
    tenant, latest = _change(outgoing)
    return _content(outgoing, tenant) if latest else None


@mail.composes(CANCELLED)
def cancelled(outgoing: OutgoingMail) -> Content | None:
    """Say until when the workspace is open and its data kept; nothing if it was taken back."""
    subscription, stamp = _subscription(outgoing)
    if subscription.canceled_at is None or _stamp(subscription.canceled_at) != stamp:
        return None
    ends = subscription.ended_at or subscription.cancel_at or subscription.current_period_end
    assert ends is not None  # noqa: S101 - Stripe dates every cancellation
    return _content(
        outgoing,
        subscription.tenant,
        on=ends,
        ended=subscription.ended_at is not None,
        paused=subscription.tenant is not None and subscription.tenant.suspended_at is not None,
        kept_until=ends + timedelta(days=settings.RETENTION_DAYS),
    )


def _about_invoice(outgoing: OutgoingMail) -> Content | None:
    _tenant_id, invoice_id, _attempt, _owner = outgoing.key.split(":")
    invoice = Invoice.objects.select_related("tenant").get(pk=invoice_id)
    if not _is_unpaid(invoice):
        return None
    return _content(
        outgoing,
        invoice.tenant,
        amount=invoice.amount_due,
        currency=invoice.currency,
        number=invoice.number,
        pay_url=invoice.hosted_url,
        next_attempt_at=invoice.next_attempt_at,
    )


def _is_unpaid(invoice: Invoice) -> bool:
    return invoice.status == "open" and invoice.gone_at is None


def _subscription(outgoing: OutgoingMail) -> tuple[Subscription, int]:
    _tenant_id, subscription_id, stamp, _owner = outgoing.key.split(":")
    subscription = Subscription.objects.select_related("tenant").get(pk=subscription_id)
    return subscription, int(stamp)


def _change(outgoing: OutgoingMail) -> tuple[Tenant, bool]:
    """Return the tenant whose access changed, and whether nothing has happened to it since."""
    _tenant_id, change_id, _owner = outgoing.key.split(":")
    change = AccessChange.objects.select_related("tenant").get(pk=change_id)
    since = AccessChange.objects.filter(tenant=change.tenant, pk__gt=change.pk)
    return change.tenant, not since.exists()


def _content(outgoing: OutgoingMail, tenant: Tenant | None, **facts: object) -> Content:
    assert tenant is not None  # noqa: S101 - mails are promised to owners of a tenant
    return Content(
        template=outgoing.kind,
        context={
            "organization": tenant.name,
            "workspace_url": links.to(tenant, "home"),
            "billing_url": links.to(tenant, "subscription"),
            **facts,
        },
    )
