"""Stripe, as the rest of the system sees it: plain dicts, our own errors, an end to every call.

The only package that imports `stripe`, and every call is made here. Nothing here touches the database.
"""

from billing.gateway.account import (
    account,
    account_and_clock,
    create_webhook_endpoint,
    enable_webhook_endpoint,
    key_hint,
    undelivered_events,
    webhook_endpoints,
)
from billing.gateway.catalogue import (
    create_price,
    ensure_product,
    price_by_lookup_key,
)
from billing.gateway.checkout_sessions import (
    checkout_session,
    close_checkout_session,
    create_checkout_session,
    expire_checkout_session,
    open_checkout_sessions,
    session_of_subscription,
)
from billing.gateway.client import (
    API_VERSION,
    CardRefused,
    Document,
    KeyRefused,
    StripeBusy,
    StripeRefused,
    StripeUnavailable,
)
from billing.gateway.signatures import (
    BadSignature,
    verify_signature,
)
from billing.gateway.subscriptions import (
    cancel_subscription,
    charge,
    create_portal_session,
    current_subscription,
    customer,
    customers,
    dispute_about,
    invoice,
    invoices,
    live_subscriptions,
    payment_intent,
    preview_change,
    resume_subscription,
    subscription,
    subscriptions,
    update_subscription,
)

__all__ = [
    "API_VERSION",
    "BadSignature",
    "CardRefused",
    "Document",
    "KeyRefused",
    "StripeBusy",
    "StripeRefused",
    "StripeUnavailable",
    "account",
    "account_and_clock",
    "cancel_subscription",
    "charge",
    "checkout_session",
    "close_checkout_session",
    "create_checkout_session",
    "create_portal_session",
    "create_price",
    "create_webhook_endpoint",
    "current_subscription",
    "customer",
    "customers",
    "dispute_about",
    "enable_webhook_endpoint",
    "ensure_product",
    "expire_checkout_session",
    "invoice",
    "invoices",
    "key_hint",
    "live_subscriptions",
    "open_checkout_sessions",
    "payment_intent",
    "preview_change",
    "price_by_lookup_key",
    "resume_subscription",
    "session_of_subscription",
    "subscription",
    "subscriptions",
    "undelivered_events",
    "update_subscription",
    "verify_signature",
    "webhook_endpoints",
]
