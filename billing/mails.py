"""What owners are told by mail: each occurrence once, however often and in whatever order it is heard.

A mail is promised under a key made of what happened; what it says, and whether it is still true, is
seen when it leaves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.dispatch import receiver
from django.utils.translation import gettext

from billing import debts, grace, pay_links, pending_changes, scheduled_changes, upcoming
from billing.access_policy import OPEN_STATUSES
from billing.models import BillingContact, Invoice, Subscription
from public_apps.accounts.models import Role, User
from public_apps.core import clock, mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import links
from public_apps.tenants.models import AccessChange, Tenant
from public_apps.tenants.suspension import access_changed

TRIAL_ENDING = "trial_ending"
PAYMENT_FAILED = "payment_failed"
ACTION_REQUIRED = "action_required"
PAYMENT_OVERDUE = "payment_overdue"
SUSPENDED = "suspended"
BACK_AGAIN = "back_again"
CANCELLED = "cancelled"
CHANGE_LAPSED = "change_lapsed"
CHANGE_PLANNED = "change_planned"
PLAN_CHANGED = "plan_changed"
KINDS = (
    TRIAL_ENDING, PAYMENT_FAILED, ACTION_REQUIRED, PAYMENT_OVERDUE, SUSPENDED, BACK_AGAIN, CANCELLED,
    CHANGE_LAPSED, CHANGE_PLANNED, PLAN_CHANGED,
)  # fmt: skip
# When Stripe rings `trial_will_end`; at once for a trial that is shorter.
TRIAL_NOTICE = timedelta(days=3)


# --- Promises -------------------------------------------------------------------------------------


def enqueue_about(subscription: Subscription) -> None:
    """Promise what a subscription's state calls for, also when its events came before its tenant."""
    enqueue_cancelled(subscription)
    enqueue_change_lapsed(subscription)
    enqueue_planned_change(subscription)
    if subscription.trial_end and subscription.trial_end - clock.now() <= TRIAL_NOTICE:
        enqueue_trial_ending(subscription)
    unpaid = Invoice.objects.select_related("tenant").filter(
        subscription_id=subscription.pk, status="open"
    )
    for invoice in unpaid.filter(attempt_count__gt=0):
        enqueue_payment_failed(invoice)
    for invoice in unpaid.filter(due_at__lte=clock.now()):
        enqueue_payment_overdue(invoice)


def enqueue_trial_ending(subscription: Subscription) -> None:
    """Promise a word before a trial ends; a trial that is prolonged earns another."""
    if subscription.status == "trialing" and subscription.trial_end:
        _promise(TRIAL_ENDING, subscription.tenant, subscription.pk, _stamp(subscription.trial_end))


def enqueue_payment_failed(invoice: Invoice) -> None:
    """Promise a word about this try to charge the card: that it failed, or that the bank asks.

    Nobody owes what a change of plan was to be paid with: it is told where it was asked for.
    """
    if invoice.bank_asks:
        enqueue_action_required(invoice)
    elif _is_behind_for(invoice):
        _promise(PAYMENT_FAILED, invoice.tenant, invoice.pk, invoice.attempt_count)


def enqueue_payment_overdue(invoice: Invoice) -> None:
    """Promise a word about an invoice whose day has passed; a day that is moved earns another."""
    if pay_links.is_owed(invoice) and invoice.due_at and invoice.due_at <= clock.now():
        _promise(PAYMENT_OVERDUE, invoice.tenant, invoice.pk, _stamp(invoice.due_at))


def enqueue_action_required(invoice: Invoice) -> None:
    """Promise a word that the bank wants the owner to confirm the payment."""
    if pay_links.is_owed(invoice):
        _promise(ACTION_REQUIRED, invoice.tenant, invoice.pk, invoice.attempt_count)


def enqueue_cancelled(subscription: Subscription) -> None:
    """Promise a word about a cancellation, for a later day or at once; a second one earns another."""
    if subscription.canceled_at:
        _promise(CANCELLED, subscription.tenant, subscription.pk, _stamp(subscription.canceled_at))


def enqueue_change_lapsed(subscription: Subscription) -> None:
    """Promise a word about a change that nobody confirmed in time."""
    lapsed = subscription.lapsed_change
    if lapsed:
        _promise(CHANGE_LAPSED, subscription.tenant, subscription.pk, lapsed["expires_at"])


def enqueue_planned_change(subscription: Subscription) -> None:
    """Promise a word that a change is planned for the period's end, and one that it came.

    What was arranged by staff, they tell.
    """
    change = subscription.scheduled_change
    if change and change["made_here"]:
        kind = PLAN_CHANGED if change["came"] else CHANGE_PLANNED
        _promise(kind, subscription.tenant, subscription.pk, change["asked_at"])


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
    """Promise one mail to each owner and to the billing contact; asking again changes nothing.

    Owners have it in their language; a contact in that of the owner who was there first.
    """
    if tenant is None or tenant.archived_at or not tenant.opened_at:
        return
    owners = _owners_of(tenant)
    readers = {str(owner.pk): (owner.email, owner.language) for owner in owners}
    contact = BillingContact.objects.filter(tenant=tenant).first()
    known = {owner.email.lower() for owner in owners}
    if contact is not None and contact.email.lower() not in known:
        language = owners[0].language if owners else tenant.language
        readers["contact"] = (contact.email, language)
    for reader, (address, language) in readers.items():
        key = ":".join(str(part) for part in (tenant.pk, *occurrence, reader))
        mail.enqueue(kind=kind, key=key, to=address, language=language)


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
    if subscription.cancel_at or trial_end <= clock.now():
        return None
    return _content(outgoing, subscription.tenant, on=trial_end, **_charged_then(subscription))


def _charged_then(subscription: Subscription) -> dict[str, Any]:
    """Return what Stripe says that is charged; where it can't be asked, no sum is told."""
    try:
        coming = upcoming.next_charge(subscription)
    except upcoming.NotTold:
        return {"told": False}
    if coming is None:
        return {"told": True, "amount": None}
    return {"told": True, "amount": coming.amount, "currency": coming.currency}


@mail.composes(PAYMENT_FAILED)
def payment_failed(outgoing: OutgoingMail) -> Content | None:
    """Say that the card was declined, and where to settle it; nothing if it has been."""
    invoice = _invoice(outgoing)
    return _about_try(outgoing, invoice) if _is_behind_for(invoice) else None


@mail.composes(ACTION_REQUIRED)
def action_required(outgoing: OutgoingMail) -> Content | None:
    """Say that the bank asks for a confirmation, and where; nothing if it has been given."""
    invoice = _invoice(outgoing)
    if not pay_links.is_owed(invoice):
        return None
    return _about_try(outgoing, invoice, for_change=pending_changes.waits_for(invoice))


@mail.composes(PAYMENT_OVERDUE)
def payment_overdue(outgoing: OutgoingMail) -> Content | None:
    """Say that an invoice's day has passed, and until when to settle it; nothing if it has been."""
    invoice = _invoice(outgoing)
    if not pay_links.is_owed(invoice):
        return None
    subscription = Subscription.objects.filter(pk=invoice.subscription_id).first()
    grace_ends = grace.ends_at(subscription) if subscription else None
    return _about(outgoing, invoice, due=invoice.due_at, grace_ends=grace_ends)


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


@mail.composes(CHANGE_LAPSED)
def change_lapsed(outgoing: OutgoingMail) -> Content | None:
    """Say that a change was not confirmed in time; nothing if it was made or asked for again."""
    subscription, stamp = _subscription(outgoing)
    lapsed = subscription.lapsed_change
    if not lapsed or lapsed["expires_at"] != stamp:
        return None
    is_plan = lapsed["kind"] == pending_changes.PLAN
    plan = pending_changes.named(lapsed) or gettext("another plan") if is_plan else ""
    return _content(outgoing, subscription.tenant, plan=plan)


@mail.composes(CHANGE_PLANNED)
def change_planned(outgoing: OutgoingMail) -> Content | None:
    """Say what the plan will be and from when; nothing if that was dropped or has come."""
    return _about_planned_change(outgoing, came=False)


@mail.composes(PLAN_CHANGED)
def plan_changed(outgoing: OutgoingMail) -> Content | None:
    """Say that a planned change has come; nothing if the plan is another one by now."""
    return _about_planned_change(outgoing, came=True)


def _about_planned_change(outgoing: OutgoingMail, *, came: bool) -> Content | None:
    subscription, stamp = _subscription(outgoing)
    change = subscription.scheduled_change
    if not change or (change["asked_at"], change["came"]) != (stamp, came):
        return None
    plan = scheduled_changes.named(change) or gettext("another plan")
    at = scheduled_changes.comes_at(change)
    return _content(outgoing, subscription.tenant, plan=plan, on=at)


@mail.composes(CANCELLED)
def cancelled(outgoing: OutgoingMail) -> Content | None:
    """Say until when the workspace is open and its data kept; nothing if it was taken back."""
    subscription, stamp = _subscription(outgoing)
    if subscription.canceled_at is None or _stamp(subscription.canceled_at) != stamp:
        return None
    ends = subscription.ended_at or subscription.cancel_at or subscription.current_period_end
    assert ends is not None  # noqa: S101 - Stripe dates every cancellation
    opened = min(filter(None, (ends, _grace_ends(subscription))))
    return _content(
        outgoing,
        subscription.tenant,
        on=ends,
        open_until=opened,
        debt=debts.newest(Invoice.objects.filter(subscription_id=subscription.pk), of=subscription),
        ended=subscription.ended_at is not None,
        paused=subscription.tenant is not None and subscription.tenant.suspended_at is not None,
        kept_until=ends + timedelta(days=settings.RETENTION_DAYS),
    )


def _grace_ends(subscription: Subscription) -> datetime | None:
    return grace.ends_at(subscription) if subscription.status == "past_due" else None


def _invoice(outgoing: OutgoingMail) -> Invoice:
    _tenant_id, invoice_id, _occurrence, _owner = outgoing.key.split(":")
    return Invoice.objects.select_related("tenant").get(pk=invoice_id)


def _about_try(outgoing: OutgoingMail, invoice: Invoice, **more: Any) -> Content | None:
    return _about(outgoing, invoice, next_attempt_at=invoice.next_attempt_at, **more)


def _about(outgoing: OutgoingMail, invoice: Invoice, **more: Any) -> Content | None:
    return _content(
        outgoing,
        invoice.tenant,
        amount=invoice.amount_due,
        currency=invoice.currency,
        number=invoice.number,
        pay_url=pay_links.to(invoice),
        **more,
    )


def _is_behind_for(invoice: Invoice) -> bool:
    """Whether an invoice is unpaid for which its subscription is behind.

    One that is in good standing asked for it to be changed, and is as it was without.
    """
    standing = Q(status__in=OPEN_STATUSES) | Q(pending_change__invoice=invoice.pk)
    kept = Subscription.objects.filter(standing, pk=invoice.subscription_id)
    return pay_links.is_owed(invoice) and not kept.exists()


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
