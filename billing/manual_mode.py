"""Working without Stripe: staff open workspaces, and record payments that access then follows.

Nothing here is reached by a public door: only the staff admin and the operators' commands call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import access, gateway, outside_purchases, stripe_account, stripe_sync, tax_ids
from billing.documents import numbers
from billing.models import Customer, Lead, ManualPayment, Plan
from billing.words import unreachable
from public_apps.core import clock, email_addresses, errors
from public_apps.onboarding.models import Signup, Source
from public_apps.onboarding.open_workspace import open_workspace
from public_apps.onboarding.signup import SignupData, sign_up
from public_apps.tenants import domains
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Opening(SignupData):
    """A workspace that staff open for somebody; its form is checked here."""

    plan: str = ""
    language: str = "en"


def is_on() -> bool:
    """Whether the system runs in manual mode: Stripe is out of the way."""
    return bool(settings.STRIPE.mode == "manual")


# --- Workspaces -----------------------------------------------------------------------------------


def open_tenant(*, opening: Opening, by: str) -> Tenant:
    """Open a workspace as a purchase would: same steps, same mail, no payment.

    Raises `errors.Invalid` by field, and `errors.Conflict` for a name that is taken.
    """
    signup = _sign_up(opening)
    log.info("workspace opened by hand", signup=str(signup.pk), by=by)
    return open_workspace(signup=signup)


def open_for_lead(*, lead: Lead, by: str, opening: Opening | None = None) -> Tenant:
    """Open the workspace that somebody wished for while the shop was closed; once per lead.

    As it was wished for, or as `opening` has it. Raises what `open_tenant` raises.
    """
    with transaction.atomic():
        locked = Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
        if locked.signup is None:
            locked.signup = _sign_up(opening or _wish(locked))
            locked.save(update_fields=["signup"])
    log.info("lead opened by hand", lead=locked.pk, signup=str(locked.signup.pk), by=by)
    return open_workspace(signup=locked.signup)


def _wish(lead: Lead) -> Opening:
    return Opening(**{field.name: getattr(lead, field.name) for field in fields(SignupData)})


def _sign_up(opening: Opening) -> Signup:
    return sign_up_for(opening, source=Source.MANUAL)


def sign_up_for(
    opening: Opening, *, source: Source, interval: str = "", subscription_id: str | None = None
) -> Signup:
    """Return a paid sign-up for what staff typed; raises as `open_tenant`."""
    _check(opening)
    wish = replace(opening, tax_id=_tax_id(opening.tax_id))
    return sign_up(
        wish=wish,
        language=opening.language,
        interval=interval,
        source=source,
        subscription_id=subscription_id,
        paid_at=clock.now(),
    )


def _check(opening: Opening) -> None:
    try:
        domains.check_label(opening.subdomain)
    except domains.NotALabel as refusal:
        raise _invalid("subdomain", str(refusal)) from refusal
    try:
        email_addresses.read(opening.email)
    except ValidationError as refusal:
        raise _invalid("email", " ".join(refusal.messages)) from refusal
    if not opening.organization.strip():
        raise _invalid("organization", _("This workspace needs a name."))
    if opening.plan and not Plan.objects.filter(code=opening.plan).exists():
        raise _invalid("plan", _("There is no such plan."))


def _tax_id(typed: str) -> str:
    try:
        return tax_ids.read(typed)
    except ValidationError as refusal:
        raise _invalid("tax_id", " ".join(refusal.messages)) from refusal


def _invalid(field: str, message: str) -> errors.Invalid:
    return errors.Invalid(message, errors={field: [message]})


# --- Payments -------------------------------------------------------------------------------------


def record_payment(
    *,
    tenant: Tenant,
    amount: int,
    currency: str,
    reference: str,
    paid_until: datetime,
    by: str,
    tax: int | None = None,
) -> ManualPayment:
    """Record a payment that came outside of Stripe, in minor units; access follows at once.

    It gets a number and a buyer, as its document needs. Raises `errors.Conflict` if this tenant has a
    payment of that reference, and `errors.Invalid` for more tax than money.
    """
    return _record(
        ManualPayment(
            **_buyer(tenant),
            tenant=tenant,
            amount=amount,
            tax=tax,
            currency=currency,
            reference=reference,
            paid_until=paid_until,
            recorded_by=by,
        )
    )


def correct_payment(
    *,
    payment: ManualPayment,
    amount: int,
    reference: str,
    paid_until: datetime | None,
    by: str,
    tax: int | None = None,
) -> ManualPayment:
    """Put a mistake right by a second record: what was kept, and until when it really pays.

    The first record stays as it was and counts no more; None pays for nothing. Raises
    `errors.Conflict` if it was corrected before: then the correction is what needs correcting.
    """
    return _record(
        ManualPayment(
            buyer_name=payment.buyer_name,
            buyer_address=payment.buyer_address,
            buyer_country=payment.buyer_country,
            buyer_tax_id=payment.buyer_tax_id,
            tenant=payment.tenant,
            amount=amount,
            tax=tax,
            currency=payment.currency,
            reference=reference,
            paid_until=paid_until,
            corrects=payment,
            recorded_by=by,
        )
    )


def end_of(day: date) -> datetime:
    """Return the midnight that ends a day in our time zone: what is paid until a day counts it."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def _buyer(tenant: Tenant) -> dict[str, str]:
    """Return whom a payment's document is made out to: the workspace, as its sign-up told of it."""
    signup = Signup.objects.filter(tenant=tenant).first()
    tax_id = signup.tax_id if signup else ""
    country = tax_ids.country_of(tax_id) if tax_id else ""
    return {"buyer_name": tenant.name, "buyer_tax_id": tax_id, "buyer_country": country}


def _record(payment: ManualPayment) -> ManualPayment:
    if payment.tax is not None and payment.tax > payment.amount:
        raise _invalid("tax", _("The VAT can't be more than the amount."))
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
            numbers.number_all()
            payment.refresh_from_db(fields=["number"])
            access.review(tenant_id=payment.tenant_id, cause=payment.recorded_by)
    except IntegrityError as error:
        message = _("This reference, or a correction of this payment, is recorded already.")
        raise errors.Conflict(message, errors={"reference": [message]}) from error
    log.info("manual payment recorded", payment=payment.pk, by=payment.recorded_by)
    return payment


# --- Back to Stripe -------------------------------------------------------------------------------


def link_customer(*, tenant: Tenant, customer_id: str, by: str) -> int:
    """Let a customer at Stripe pay for this tenant; return how many subscriptions came with it.

    Raises `errors.Closed` in manual mode, `errors.Invalid` for a customer that Stripe doesn't
    know, `errors.Conflict` for one that pays for another tenant, and `errors.UpstreamFailed`
    when Stripe is away: then asking again does the rest.
    """
    if is_on():
        raise errors.Closed(_("Manual mode: Stripe can't be asked about this customer."))
    subscription_ids = _verified_subscriptions(customer_id)
    stripe_sync.link_customer(customer_id=customer_id, tenant=tenant)
    if not Customer.objects.filter(pk=customer_id, tenant=tenant).exists():
        message = _("This customer pays for another tenant.")
        raise errors.Conflict(message, errors={"customer_id": [message]})
    with _stripe_asked():
        for subscription_id in subscription_ids:
            if mirrored := access.sync_subscription(subscription_id=subscription_id):
                outside_purchases.review(mirrored)
    log.info("customer linked by hand", customer=customer_id, by=by, schema=tenant.schema_name)
    return len(subscription_ids)


def unlink_customer(*, customer_id: str, by: str) -> Tenant:
    """Undo a wrong link: take a customer away from its tenant, and let what is left decide on access.

    Asks nothing of Stripe. Returns whose it was; raises `errors.Conflict` if it is linked to nobody.
    """
    tenant = stripe_sync.unlink_customer(customer_id=customer_id)
    if tenant is None:
        raise errors.Conflict(_("This customer is linked to no workspace."))
    access.review(tenant_id=tenant.pk, cause=by)
    log.info("customer unlinked by hand", customer=customer_id, by=by, schema=tenant.schema_name)
    return tenant


def _verified_subscriptions(customer_id: str) -> list[str]:
    with _stripe_asked():
        there = stripe_account.found(
            lambda: gateway.customer(customer_id), f"customer {customer_id}"
        )
        if there is None:
            raise _invalid("customer_id", _("Stripe knows no such customer."))
        return [each["id"] for each in gateway.subscriptions(customer_id=customer_id)]


@contextmanager
def _stripe_asked() -> Iterator[None]:
    try:
        yield
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        raise unreachable() from error
