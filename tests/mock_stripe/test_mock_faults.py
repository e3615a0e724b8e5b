"""The API made to fail on request: errors, delays, and connections that are cut."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.mock_stripe.mock_server import Mock


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, stripe.APIError),
        (503, stripe.APIError),
        (429, stripe.RateLimitError),
        (402, stripe.CardError),
        (401, stripe.AuthenticationError),
        (400, stripe.InvalidRequestError),
    ],
)
def test_calls_fail_as_asked_so_many_times(
    mock: Mock, status: int, error: type[stripe.StripeError]
) -> None:
    mock.control("faults", {"status": status, "count": 2})

    for _number in range(2):
        with pytest.raises(error) as failure:
            mock.client().v1.customers.create({})
        assert failure.value.http_status == status
    assert mock.client().v1.customers.list().data == []
    mock.client().v1.customers.create({})


def test_faults_befall_only_their_path_and_last_until_cleared(mock: Mock) -> None:
    mock.control("faults", {"status": 500, "path": "/v1/customers", "method": "POST"})

    for _number in range(3):
        with pytest.raises(stripe.APIError):
            mock.client().v1.customers.create({})
    mock.client().v1.customers.list()
    mock.client().v1.products.list()
    assert len(mock.control("faults", method="GET")) == 1
    mock.control("faults", method="DELETE")
    mock.client().v1.customers.create({})


def test_a_delay_is_a_delay(mock: Mock) -> None:
    mock.control("faults", {"delay_ms": 600, "count": 1})
    started = time.monotonic()
    mock.client().v1.customers.create({})

    assert 0.6 <= time.monotonic() - started < 2


def test_a_cut_connection_is_no_answer(mock: Mock) -> None:
    mock.control("faults", {"drop_connection": True, "count": 1})

    with pytest.raises(stripe.APIConnectionError):
        mock.client().v1.customers.create({})
    assert mock.client().v1.customers.list().data == []


def test_an_answer_lost_on_its_way_is_had_by_trying_again(mock: Mock) -> None:
    mock.control("faults", {"drop_connection": True, "count": 1, "after": True})
    customer = mock.client(retries=1).v1.customers.create({})

    assert [found.id for found in mock.client().v1.customers.list().data] == [customer.id]


def test_stripes_client_retries_over_a_short_outage(mock: Mock) -> None:
    mock.control("faults", {"status": 500, "count": 1})

    assert mock.client(retries=2).v1.customers.create({}).id


@pytest.mark.parametrize(
    "fault", [{}, {"status": 200}, {"status": "500"}, {"count": 3}, {"delay": 5}]
)
def test_a_fault_that_does_nothing_is_refused(mock: Mock, fault: dict[str, Any]) -> None:
    assert mock.refused("faults", fault)[0] == 400
    assert mock.control("faults", method="GET") == []
