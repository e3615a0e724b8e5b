"""Money's side of public: plans that we sell, events that Stripe sent, and what we mirror of it."""

from billing.models.contacts import BillingContact
from billing.models.credits import CreditNote, Refund
from billing.models.documented import Buyer, Documented
from billing.models.einvoices import DocumentKind, EInvoice, EInvoiceStatus
from billing.models.events import EventStatus, StripeEvent
from billing.models.manual import Lead, ManualPayment
from billing.models.mirrored import Customer, Invoice, Mirrored, Payment, Subscription
from billing.models.outside import OutsidePurchase
from billing.models.plans import Interval, Plan, Price
from billing.models.trials import TrialTaken
from billing.models.webhook_stats import WebhookSlot

__all__ = [
    "BillingContact",
    "Buyer",
    "CreditNote",
    "Customer",
    "DocumentKind",
    "Documented",
    "EInvoice",
    "EInvoiceStatus",
    "EventStatus",
    "Interval",
    "Invoice",
    "Lead",
    "ManualPayment",
    "Mirrored",
    "OutsidePurchase",
    "Payment",
    "Plan",
    "Price",
    "Refund",
    "StripeEvent",
    "Subscription",
    "TrialTaken",
    "WebhookSlot",
]
