"""Several items of one subscription: added, changed, removed, charged together."""

from __future__ import annotations

import pytest
import stripe

from tests.mock_stripe.mock_server import Mock, Receiver

DAY = 86_400


def test_an_item_is_added_changed_and_removed(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed(mock.price(2000).id)
    v1 = mock.client().v1
    extra = mock.price(500).id
    added = v1.subscription_items.create(
        {"subscription": subscription, "price": extra, "quantity": 3}
    )
    assert (added.price.id, added.quantity, added.subscription) == (extra, 3, subscription)
    told = receiver.wait_for("customer.subscription.updated")[0]["data"]
    assert "items" in told["previous_attributes"]
    changed = v1.subscription_items.update(added.id, {"quantity": 2})
    assert (changed.id, changed.quantity) == (added.id, 2)
    listed = v1.subscription_items.list({"subscription": subscription}).data
    assert [item.price.unit_amount for item in listed] == [2000, 500]
    assert v1.subscription_items.delete(added.id).deleted
    listed = v1.subscription_items.list({"subscription": subscription}).data
    assert [item.price.unit_amount for item in listed] == [2000]


def test_what_was_added_is_renewed_with_the_rest(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed(mock.price(2000).id)
    mock.client().v1.subscription_items.create({
        "subscription": subscription, "price": mock.price(500).id, "quantity": 3,
        "proration_behavior": "none",
    })  # fmt: skip
    mock.control("clock", {"advance": 32 * DAY})
    paid = [
        each["data"]["object"]["amount_paid"] for each in receiver.wait_for("invoice.paid", count=2)
    ]
    assert sorted(paid) == [2000, 3500]  # events come in any order


def test_what_can_not_be_of_one_subscription_is_refused(mock: Mock) -> None:
    price = mock.price(2000).id
    subscription = mock.subscribed(price)
    items = mock.client().v1.subscription_items
    [only] = items.list({"subscription": subscription}).data
    for refused in (price, mock.price(500, currency="usd").id):
        with pytest.raises(stripe.InvalidRequestError):
            items.create({"subscription": subscription, "price": refused})
    with pytest.raises(stripe.InvalidRequestError, match="at least one active plan"):
        items.delete(only.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription_item"):
        items.delete("si_never")


def test_every_state_of_the_mock_is_an_account_of_its_own(mock: Mock) -> None:
    account = mock.client().v1.accounts.retrieve_current()
    assert account.id.startswith("acct_")
    assert mock.client().v1.accounts.retrieve_current().id == account.id
    mock.stop()
    mock.start()
    assert mock.client().v1.accounts.retrieve_current().id == account.id
