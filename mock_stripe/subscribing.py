"""How a new subscription looks."""

from __future__ import annotations

from collections.abc import Collection

from mock_stripe.calls import list_object
from mock_stripe.expansion import NOTES
from mock_stripe.ids import new_id
from mock_stripe.periods import period_end
from mock_stripe.store import Change
from mock_stripe.table import Document

_DAY = 86_400


def new_subscription(
    change: Change, *, customer: str, prices: list[tuple[Document, int]], trial_days: int = 0,
    trial_end: int | None = None,
) -> Document:  # fmt: skip
    """Return a subscription to these (price, quantity) that is not written; active, or trialing."""
    subscription_id = new_id("sub")
    trial_end = change.now + trial_days * _DAY if trial_days else trial_end
    items = [
        new_item(subscription_id, price, quantity, start=change.now, trial_end=trial_end)
        for price, quantity in prices
    ]
    url = f"/v1/subscription_items?subscription={subscription_id}"
    owner = change.get("customer", customer) or {}
    return _blank(change.now) | {
        "id": subscription_id,
        "billing_cycle_anchor": trial_end or change.now,
        "currency": prices[0][0]["currency"],
        "customer": customer,
        "items": list_object(items, url=url) | {"total_count": len(items)},
        "status": "trialing" if trial_end else "active",
        "test_clock": owner.get("test_clock"),
        "trial_end": trial_end,
        "trial_start": change.now if trial_end else None,
    }


def new_item(
    subscription_id: str, price: Document, quantity: int, *, start: int, trial_end: int | None
) -> Document:
    """Return a subscription item whose current period is the trial or one interval of its price."""
    end = trial_end or period_end(start, anchor=start, recurring=price["recurring"])
    return {
        "id": new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": start,
        "current_period_end": end,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "plan": plan_of(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription_id,
        "tax_rates": [],
    }


def plan_of(price: Document) -> Document:
    """Return a price in the shape of its predecessor, which items still carry."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def restarted(subscription: Document, at: int, *, only: Collection[str] = ()) -> Document:
    """Return a subscription whose billing begins anew at a moment, or that of some items of it."""
    items = [
        item
        if only and item["id"] not in only
        else item
        | {
            "current_period_start": at,
            "current_period_end": period_end(at, anchor=at, recurring=item["price"]["recurring"]),
        }
        for item in subscription["items"]["data"]
    ]
    return subscription | {
        "billing_cycle_anchor": at,
        "items": subscription["items"] | {"data": items},
    }


def _blank(now: int) -> Document:
    return {
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "test_clock": None,
        "transfer_data": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        NOTES: {"pending_lines": []},
    }
