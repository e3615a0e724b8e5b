"""Customers, their subscriptions, and what is charged for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from billing.gateway.client import Document, Gone, StripeRefused, call_api, pages

# What is mirrored of a subscription: also what each item is called, and what is planned for it.
WHOLE: Any = {
    "expand": ["latest_invoice", "items.data.price.product", "schedule.phases.items.price"]
}
# What it is charged to, too: https://docs.stripe.com/billing/subscriptions/pending-updates tells which
# kinds let a change wait.
WITH_CARD: Any = {
    "expand": [
        *WHOLE["expand"], "default_payment_method", "customer.invoice_settings.default_payment_method",
    ]
}  # fmt: skip
NOTHING_COMES = "invoice_upcoming_none"


def subscription(subscription_id: str, *, with_card: bool = False) -> Document:
    """Return a subscription as it is now; raise `Gone` if Stripe shows none.

    `with_card`: with its customer and what it is charged to in full.
    """
    params = WITH_CARD if with_card else WHOLE
    return call_api(lambda client: client.v1.subscriptions.retrieve(subscription_id, params))


def invoice(invoice_id: str) -> Document:
    """Return an invoice as it is now, with its payments; raise `Gone` if Stripe shows none."""
    return call_api(
        lambda client: client.v1.invoices.retrieve(
            invoice_id, {"expand": ["payments.data.payment.payment_intent"]}
        )
    )


def refund(refund_id: str) -> Document:
    """Return a refund as it is now; raise `Gone` if Stripe shows none."""
    return call_api(lambda client: client.v1.refunds.retrieve(refund_id))


def charge(charge_id: str) -> Document:
    """Return a charge as it is now; raise `Gone` if Stripe shows none."""
    return call_api(lambda client: client.v1.charges.retrieve(charge_id))


def payment_intent(payment_intent_id: str) -> Document:
    """Return a payment intent as it is now, with its charge; raise `Gone` if Stripe shows none."""
    return call_api(
        lambda client: client.v1.payment_intents.retrieve(
            payment_intent_id, {"expand": ["latest_charge"]}
        )
    )


def payment_intents(*, customer_id: str = "", since: int | None = None) -> Iterator[Document]:
    """Yield payment intents with their charges, newest first: of one customer, or since a Unix time."""
    params: Any = {"expand": ["data.latest_charge"]}
    params |= {"customer": customer_id} if customer_id else {}
    if since is not None:
        params["created"] = {"gte": since}
    return pages(lambda client, page: client.v1.payment_intents.list(params | page))


def dispute_about(payment_intent_id: str) -> Document | None:
    """Return the newest dispute about a payment as it is now, or None."""
    params: Any = {"payment_intent": payment_intent_id, "limit": 1}
    return next(pages(lambda client, page: client.v1.disputes.list(page | params)), None)


def customer(customer_id: str) -> Document:
    """Return a customer as it is now; raise `Gone` if there is none, or a deleted one's stub."""
    found = call_api(lambda client: client.v1.customers.retrieve(customer_id))
    if found.get("deleted"):
        raise Gone(f"The customer {customer_id} was deleted.")
    return found


def create_customer(*, params: Mapping[str, Any], idempotency_key: str) -> Document:
    """Make a customer. Raises `TaxIdRefused` for a tax number of a form that Stripe does not know."""
    given: Any = params
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.customers.create(given, options))


def update_customer(customer_id: str, *, change: Mapping[str, Any]) -> Document:
    """Change a customer and return it; raise `Gone` if Stripe shows none."""
    given: Any = change
    return call_api(lambda client: client.v1.customers.update(customer_id, given))


def subscriptions(*, customer_id: str = "") -> Iterator[Document]:
    """Yield every subscription, ended ones too, newest first; those of one customer if named."""
    params: Any = {"status": "all", "expand": ["data.schedule"]}
    params |= {"customer": customer_id} if customer_id else {}
    return pages(lambda client, page: client.v1.subscriptions.list(params | page))


def invoices(*, customer_id: str = "", since: int | None = None) -> Iterator[Document]:
    """Yield invoices, newest first: those of one customer, or made since a Unix time, if named."""
    params: Any = {"customer": customer_id} if customer_id else {}
    if since is not None:
        params["created"] = {"gte": since}
    return pages(lambda client, page: client.v1.invoices.list(params | page))


def customers() -> Iterator[Document]:
    """Yield every customer that has not been deleted, newest first."""
    return pages(lambda client, page: client.v1.customers.list(page))


def live_subscriptions(customer_id: str) -> list[Document]:
    """Return a customer's subscriptions that have not been cancelled."""
    params: Any = {"customer": customer_id}
    return [*pages(lambda client, page: client.v1.subscriptions.list(params | page))]


def update_subscription(
    subscription_id: str, *, change: Mapping[str, Any], idempotency_key: str
) -> Document:
    """Change a subscription and return it; `payment_behavior` says what a card changes that fails."""
    params: Any = {**change, **WHOLE}
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.subscriptions.update(subscription_id, params, options))


def resume_subscription(subscription_id: str, *, has_card: bool, idempotency_key: str) -> Document:
    """Let a paused subscription run again from today, and return it; paused until that is paid.

    Stripe tries a card where it `has_card`; without one somebody has to pay the invoice, within a day.
    """
    behaviour = "resume_on_payment_success" if has_card else "resume_on_payment_attempt"
    params: Any = {"payment_behavior": behaviour, **WHOLE}
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.subscriptions.resume(subscription_id, params, options))


def preview_change(
    subscription_id: str, *, change: Mapping[str, Any], recurring: bool = False
) -> Document:
    """Return the invoice that a change of a subscription would lead to.

    `recurring`: the invoice of each later period, without what is settled once.
    """
    params: Any = {"subscription": subscription_id, "subscription_details": change}
    if recurring:
        params["preview_mode"] = "recurring"
    return call_api(lambda client: client.v1.invoices.create_preview(params))


def void_invoice(invoice_id: str, *, idempotency_key: str | None = None) -> Document:
    """Close an open invoice so that nobody can pay it, and drop the change that waits for it.

    Raises `StripeRefused` if it isn't open.
    """
    options: Any = {"idempotency_key": idempotency_key} if idempotency_key else {}
    return call_api(lambda client: client.v1.invoices.void_invoice(invoice_id, {}, options))


def upcoming_invoice(subscription_id: str, *, schedule_id: str = "") -> Document | None:
    """Return the invoice that comes next by itself, as Stripe works it out, or None if none does.

    `schedule_id`: of the schedule that the subscription is attached to, whose phases count.
    """
    params: Any = {"schedule": schedule_id} if schedule_id else {"subscription": subscription_id}
    try:
        return call_api(lambda client: client.v1.invoices.create_preview(params))
    except StripeRefused as error:
        if error.code == NOTHING_COMES:
            return None
        raise


def cancel_subscription(subscription_id: str, *, comment: str = "") -> Document:
    """End a subscription now, without proration; raise `Gone` if Stripe shows none to be ended.

    Stripe keeps the comment with it.
    """
    params: Any = {"cancellation_details": {"comment": comment}} if comment else {}
    return call_api(lambda client: client.v1.subscriptions.cancel(subscription_id, params))


def invoices_of_subscription(subscription_id: str, *, status: str) -> list[Document]:
    """Return a subscription's invoices that stand like this, newest first."""
    params: Any = {"subscription": subscription_id, "status": status}
    return [*pages(lambda client, page: client.v1.invoices.list(params | page))]


def give_back(payment_intent_id: str, *, idempotency_key: str) -> Document:
    """Give back all of a payment that has succeeded, and return the refund."""
    params: Any = {"payment_intent": payment_intent_id}
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.refunds.create(params, options))
