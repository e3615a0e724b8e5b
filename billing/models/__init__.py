"""Money's side of public: plans that we sell, events that Stripe sent, and what we mirror of it."""

from billing.models.events import EventStatus, StripeEvent
from billing.models.manual import Lead, ManualPayment
from billing.models.mirrored import Customer, Invoice, Mirrored, Payment, Subscription
from billing.models.plans import Interval, Plan, Price
from billing.models.webhook_stats import WebhookSlot

__all__ = [
    "Customer",
    "EventStatus",
    "Interval",
    "Invoice",
    "Lead",
    "ManualPayment",
    "Mirrored",
    "Payment",
    "Plan",
    "Price",
    "StripeEvent",
    "Subscription",
    "WebhookSlot",
]
