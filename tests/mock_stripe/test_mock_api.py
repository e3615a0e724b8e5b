"""The API's manners: keys, errors, idempotency, pages, expansion, and the plain objects."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import stripe

from tests.mock_stripe.mock_server import KEY, Mock, Receiver


def test_without_the_right_key_nothing_is_answered(mock: Mock) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key") as refusal:
        mock.client(key="sk_test_another").v1.products.list()
    assert refusal.value.http_status == 401
    assert "sk_test_another" not in str(refusal.value)

    assert mock.request("GET", "/v1/products").status == 401
    assert mock.call("GET", "/v1/products", key=KEY).status == 200


def test_every_answer_says_who_it_is(mock: Mock) -> None:
    reply = mock.call("GET", "/v1/account")

    assert reply.headers["request-id"].startswith("req_")
    assert reply.headers["stripe-version"] == stripe.api_version
    assert reply.headers["content-type"] == "application/json"
    assert mock.client().v1.accounts.retrieve_current().id == reply.json()["id"]


def test_what_is_not_there_is_404_with_stripes_words(mock: Mock) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        mock.client().v1.customers.retrieve("cus_none")

    error = refusal.value
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    assert error.user_message == "No such customer: 'cus_none'"
    assert mock.call("GET", "/v1/unheard_of").status == 404
    assert "Unrecognized request URL" in mock.call("PUT", "/v1/customers").body


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        ({}, "parameter_missing", "currency"),
        ({"currency": "eur"}, "parameter_missing", "unit_amount"),
        ({"currency": "eur", "unit_amount": "1.5"}, "parameter_invalid_integer", "unit_amount"),
        ({"currency": "eur", "unit_amount": "5"}, "parameter_missing", "product"),
        (
            {"currency": "eur", "unit_amount": "5", "product": "prod_none"},
            "resource_missing", "product",
        ),
        ({"currency": "eur", "colour": "red"}, "parameter_unknown", "colour"),
        ({"currency[a]": "eur"}, None, "currency"),
        ({"currency": "eur", "unit_amount": "5", "recurring[interval]": "eon"}, None,
         "recurring[interval]"),
    ],
)  # fmt: skip
def test_bad_parameters_are_named(
    mock: Mock, form: dict[str, str], code: str | None, param: str
) -> None:
    reply = mock.call("POST", "/v1/prices", form)

    error = reply.json()["error"]
    assert (reply.status, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error["param"]) == (code, param)


def test_the_same_key_gives_the_same_answer(mock: Mock) -> None:
    form = {"email": "eleni@example.com"}
    first = mock.call("POST", "/v1/customers", form, idempotency_key="k1")
    again = mock.call("POST", "/v1/customers", form, idempotency_key="k1")

    assert again.body == first.body
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert again.headers["request-id"] == first.headers["request-id"]
    assert len(mock.client().v1.customers.list().data) == 1


def test_the_same_key_for_something_else_is_refused(mock: Mock) -> None:
    customers = mock.client().v1.customers
    customers.create({"email": "eleni@example.com"}, options={"idempotency_key": "k1"})

    with pytest.raises(stripe.IdempotencyError) as refusal:
        customers.create({"email": "nikos@example.com"}, options={"idempotency_key": "k1"})
    assert refusal.value.http_status == 400
    assert refusal.value.error is not None
    assert refusal.value.error.type == "idempotency_error"


def test_a_refused_request_does_not_use_its_key_up(mock: Mock) -> None:
    assert mock.call("POST", "/v1/products", {}, idempotency_key="k1").status == 400
    assert mock.call("POST", "/v1/products", {"name": "A"}, idempotency_key="k1").status == 200


def test_a_key_in_use_is_409(mock: Mock) -> None:
    mock.control("faults", {"delay_ms": 1000, "count": 1})
    replies = []

    def create() -> None:
        form = {"email": "eleni@example.com"}
        replies.append(mock.call("POST", "/v1/customers", form, idempotency_key="k1"))

    slow = threading.Thread(target=create)
    slow.start()
    time.sleep(0.3)
    create()
    slow.join()

    assert sorted(reply.status for reply in replies) == [200, 409]
    assert replies[0].json()["error"]["code"] == "idempotency_key_in_use"


def test_pages_are_walked_by_cursor_in_both_directions(mock: Mock) -> None:
    customers = mock.client().v1.customers
    ids = [customers.create({"email": f"{number}@example.com"}).id for number in range(7)][::-1]

    first = customers.list({"limit": 3})
    assert ([found.id for found in first.data], first.has_more) == (ids[:3], True)
    second = customers.list({"limit": 3, "starting_after": ids[2]})
    assert ([found.id for found in second.data], second.has_more) == (ids[3:6], True)
    back = customers.list({"limit": 2, "ending_before": ids[5]})
    assert ([found.id for found in back.data], back.has_more) == (ids[3:5], True)
    assert [found.id for found in customers.list({"limit": 3}).auto_paging_iter()] == ids
    assert [found.id for found in customers.list({"email": "3@example.com"}).data] == [ids[3]]
    for bad in ({"limit": 0}, {"limit": 101}, {"starting_after": "cus_none"}):
        with pytest.raises(stripe.InvalidRequestError):
            customers.list(bad)  # type: ignore[arg-type]  # one of them at a time


def test_lists_are_narrowed_by_time(mock: Mock) -> None:
    customers = mock.client().v1.customers
    old = customers.create({"email": "old@example.com"})
    mock.control("clock", {"advance": 3600})
    new = customers.create({"email": "new@example.com"})

    def found(created: Any) -> list[str]:
        return [customer.id for customer in customers.list({"created": created}).data]

    assert found({"gte": new.created}) == [new.id]
    assert found({"lt": new.created}) == [old.id]
    assert found({"gt": old.created, "lte": new.created}) == [new.id]
    assert found(old.created) == [old.id]


def test_expansion_goes_through_lists_and_refuses_what_is_no_reference(mock: Mock) -> None:
    subscription = mock.subscribed()
    subscriptions = mock.client().v1.subscriptions

    listed = subscriptions.list({"expand": ["data.customer", "data.latest_invoice.payments"]})
    assert isinstance(listed.data[0].customer, stripe.Customer)
    invoice = listed.data[0].latest_invoice
    assert isinstance(invoice, stripe.Invoice)
    assert invoice.payments is not None
    assert invoice.payments.data[0].status == "paid"
    deep = subscriptions.retrieve(subscription, {"expand": ["items.data.price.product"]})
    assert isinstance(deep["items"].data[0].price.product, stripe.Product)
    plain = subscriptions.retrieve(subscription)
    assert isinstance(plain.customer, str)
    for bad in ("nothing", "status", "customer.a.b.c.d", "status.more"):
        with pytest.raises(stripe.InvalidRequestError, match="expand"):
            subscriptions.retrieve(subscription, {"expand": [bad]})


def test_nothing_of_the_mocks_own_notes_is_seen(mock: Mock, receiver: Receiver) -> None:
    mock.move(mock.subscribed(), "past_due")
    mock.settled()

    seen = [delivery.body.decode() for delivery in receiver.deliveries]
    paths = ("checkout/sessions", "subscriptions", "events", "webhook_endpoints", "invoices")
    seen += [mock.call("GET", f"/v1/{path}").body for path in paths]
    assert not any("_mock" in text for text in seen)


def test_prices_are_found_by_lookup_key_and_hand_it_over(mock: Mock, receiver: Receiver) -> None:
    prices = mock.client().v1.prices
    first = mock.price(lookup_key="pro_month")

    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        mock.price(lookup_key="pro_month")
    second = mock.price(amount=2500, lookup_key="pro_month", transfer_lookup_key=True)
    found = prices.list({"lookup_keys": ["pro_month", "none"], "active": True, "limit": 1})
    assert [price.id for price in found.data] == [second.id]
    assert prices.retrieve(first.id).lookup_key is None
    assert prices.list({"lookup_keys": ["none"]}).data == []
    updated = receiver.wait_for("price.updated")[0]
    assert updated["data"]["previous_attributes"] == {"lookup_key": "pro_month"}


def test_products_have_ids_of_our_choice(mock: Mock) -> None:
    products = mock.client().v1.products
    products.create({"id": "plan_pro", "name": "Pro", "metadata": {"plan": "pro", "x": "1"}})

    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        products.create({"id": "plan_pro", "name": "Pro"})
    changed = products.update("plan_pro", {"name": "Pro+", "metadata": {"x": ""}})
    assert (changed.name, changed.metadata.to_dict()) == ("Pro+", {"plan": "pro"})
    price = mock.price(product="plan_pro")
    with pytest.raises(stripe.InvalidRequestError, match="cannot be deleted"):
        products.delete("plan_pro")
    inactive = mock.client().v1.prices.update(price.id, {"active": False})
    assert not inactive.active
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        mock.session(price.id)


def test_a_deleted_customer_is_remembered_as_deleted(mock: Mock, receiver: Receiver) -> None:
    done = mock.complete(mock.session().id)
    customers = mock.client().v1.customers
    customers.delete(done["customer"])

    gone = customers.retrieve(done["customer"])
    assert (gone.deleted, "email" in gone.to_dict()) == (True, False)
    assert customers.list().data == []
    receiver.wait_for("customer.deleted")
    receiver.wait_for("customer.subscription.deleted")
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        mock.session(customer=done["customer"])
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        customers.update(done["customer"], {"name": "X"})


def test_only_this_machine_is_answered(mock: Mock) -> None:
    for path in ("/v1/account", "/_control/ready", "/pay/cs_test_x"):
        assert mock.request("GET", path, headers={"Host": "evil.example"}).status == 403
    assert mock.request("GET", "/_control/ready", headers={"Host": "localhost:1"}).status == 200


def test_what_is_too_much_is_refused(mock: Mock) -> None:
    assert mock.call("POST", "/v1/products", {"name": "x" * 2_000_000}).status == 413
    assert mock.call("POST", "/v1/products", {"name": "x"}).status == 200
