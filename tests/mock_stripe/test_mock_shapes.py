"""The objects have the fields that the pinned version of Stripe's library declares, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, get_args, get_origin

import stripe

from tests.mock_stripe.mock_server import Mock

# Declared as always there, and yet left out by Stripe itself when an object is alive.
_ONLY_AT_TIMES = {"deleted"}


def _one_of_each(mock: Mock) -> Iterator[stripe.StripeObject]:
    done = mock.complete(mock.session().id)
    subscription = done["subscription"]
    mock.move(subscription, "past_due")
    api = mock.client().v1
    charge = api.charges.list().data[-1]
    yield api.refunds.create({"charge": charge.id, "amount": 5})
    mock.control(f"charges/{charge.id}/dispute", {})
    lists: list[Any] = [
        api.products, api.prices, api.customers, api.checkout.sessions, api.subscriptions,
        api.invoices, api.invoice_payments, api.payment_intents, api.charges, api.disputes,
        api.events, api.webhook_endpoints,
    ]  # fmt: skip
    for service in lists:
        yield from service.list({"limit": 100}).data
    invoice = api.invoices.list().data[0]
    yield from invoice.lines.data
    yield api.invoices.create_preview({"subscription": subscription})
    yield from api.subscription_items.list({"subscription": subscription}).data
    card: Any = api.subscriptions.retrieve(subscription).default_payment_method
    yield api.payment_methods.retrieve(card)
    yield api.billing_portal.sessions.create({"customer": done["customer"]})
    yield api.accounts.retrieve_current()


def test_every_object_has_the_fields_of_the_pinned_version(mock: Mock) -> None:
    kinds = set()
    for found in _one_of_each(mock):
        kind = type(found)
        kinds.add(kind.__name__)
        declared = kind.__annotations__
        always = {name for name, hint in declared.items() if not _may_be_absent(hint)}
        fields = set(found.to_dict())
        assert fields <= set(declared), f"{kind.__name__}: {fields - set(declared)} unknown"
        missing = always - fields - _ONLY_AT_TIMES
        assert not missing, f"{kind.__name__}: {missing} missing"
    assert len(kinds) >= 16


def test_the_check_of_fields_knows_what_is_declared() -> None:
    declared = stripe.Refund.__annotations__

    assert _may_be_absent(declared["failure_reason"])
    assert _may_be_absent(declared["charge"])
    assert not _may_be_absent(declared["amount"])


def _may_be_absent(hint: Any) -> bool:
    return type(None) in get_args(hint) or get_origin(hint) is ClassVar
