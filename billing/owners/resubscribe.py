"""Coming back after the subscription has ended: the same workspace, a new subscription."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing import checkout_sessions, tax
from billing.access_policy import ENDED_STATUSES
from billing.models import Customer, Price, Subscription
from billing.owners import quota_enforcement, stripe_calls
from billing.owners.account import Account
from billing.owners.actions import PlanChange, key_of, price_of, subscription_held
from public_apps.core import errors
from public_apps.core.models import IdempotentRequest

# Stripe takes 30 minutes to 24 hours.
PAGE_LIFE = timedelta(minutes=61)


def begin_again(
    *, account: Account, wish: PlanChange, request: IdempotentRequest, back: str
) -> str:
    """Return a payment page whose subscription opens this workspace again, by its customer.

    At most one such page is open, and none while the customer pays for anything; it leads back to
    `back`. Raises `errors.Conflict` unless the subscription has ended, and what
    `actions.preview_change` raises.
    """
    price = price_of(wish)
    quota_enforcement.check_change(tenant=account.tenant, plan=price.plan)
    with subscription_held(account) as row:
        if row.status not in ENDED_STATUSES:
            raise errors.Conflict(_("This subscription has not ended."))
        known = Customer.objects.filter(pk=row.customer_id, gone_at__isnull=True)
        if not known.filter(tenant=account.tenant).exists():
            raise errors.Conflict(_("Please write to us to begin again."))
        live = stripe_calls.live_subscriptions(row.customer_id)
        if any(each["status"] not in ENDED_STATUSES for each in live):
            raise errors.Conflict(_("You have paid already; it takes a moment to arrive."))
        return _only_page(account, row, price, request, back=back)


def _only_page(
    account: Account,
    row: Subscription,
    price: Price,
    request: IdempotentRequest,
    *,
    back: str,
) -> str:
    """Return this request's page, and close every other: what is open may be paid."""
    url = ""
    for session in stripe_calls.open_checkouts(row.customer_id):
        if (session.get("metadata") or {}).get("request") == str(request.pk):
            url = str(session["url"])  # made by an earlier try, whose answer was lost
        else:
            stripe_calls.close_checkout(session["id"])
    if url:
        return url
    params = _page_for(account, row, price, request, back=back)
    with stripe_calls.at_price(price):
        session = stripe_calls.checkout(params=params, key=key_of(request))
    return str(session["url"])


def _page_for(
    account: Account, row: Subscription, price: Price, request: IdempotentRequest, *, back: str
) -> dict[str, Any]:
    metadata = {"tenant": account.tenant.schema_name, "request": str(request.pk)}
    return {
        "mode": "subscription",
        "customer": row.customer_id,
        **checkout_sessions.promotions(),
        **tax.at_checkout(customer=True),
        "line_items": [{"price": price.stripe_price_id, "quantity": row.quantity}],
        "metadata": metadata,
        "subscription_data": {"metadata": metadata},
        "success_url": back,
        "cancel_url": back,
        "expires_at": int((request.created_at + PAGE_LIFE).timestamp()),
        "locale": (get_language() or "auto")[:2],
    }
