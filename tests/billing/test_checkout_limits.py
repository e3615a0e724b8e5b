"""How often one client may start a purchase: what was refused is none, and two at once are two."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import HttpClient, WebStack, another_web
from tests.customer import Order

SECRET = secrets.token_urlsafe(32)
CHECKOUT = "/api/billing/checkout/"


@pytest.fixture
def strict(stripe_stack: StripeStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server where a client starts two purchases a minute, and that knows its frontend."""
    given = {
        "CHECKOUT_RATE": "2/min",
        "FRONTEND_SECRET": SECRET,
        "STRIPE_API_BASE": stripe_stack.mock,
    }
    with another_web(stripe_stack.web_stack, tmp_path, **given) as http_client:
        yield http_client


def begin(http_client: HttpClient, **wishes: str) -> requests.Response:
    """Send an order by the API."""
    return _begin(http_client, {}, **wishes)


def begin_for(visitor: str, http_client: HttpClient) -> requests.Response:
    """Send an order as the frontend's server does for a visitor."""
    return _begin(http_client, {"X-Frontend-Secret": SECRET, "X-Visitor-Address": visitor})


def _begin(http_client: HttpClient, headers: dict[str, str], **wishes: str) -> requests.Response:
    order = {**dataclasses.asdict(Order()), **wishes}
    return http_client.ask("POST", CHECKOUT, json=order, headers=headers)


def test_buyers_behind_one_server_have_a_limit_each(strict: HttpClient) -> None:
    """Four within a minute, by the one address that the frontend's server has."""
    started = [begin_for(f"203.0.113.{number}", strict) for number in range(4)]
    assert [answer.status_code for answer in started] == [201] * 4
    assert len({answer.json()["session_id"] for answer in started}) == 4
    again = [begin_for("203.0.113.1", strict).status_code for _ in range(2)]
    assert again == [201, 429]


def test_refused_forms_are_no_purchases(web_stack: WebStack, strict: HttpClient) -> None:
    assert web_stack.acme.host == "acme.localhost"
    refused = [
        begin(strict, email="nowhere"), begin(strict, plan="free"), begin(strict, subdomain="W!"),
        *(begin(strict, subdomain="acme") for _ in range(3)),
    ]  # fmt: skip
    assert [answer.status_code for answer in refused] == [400] * 3 + [409] * 3
    assert [begin(strict).status_code for _ in range(3)] == [201, 201, 429]
    assert begin(strict, subdomain="acme").status_code == 429


def test_who_starts_too_many_is_told_when_to_come_back(
    web_stack: WebStack, strict: HttpClient
) -> None:
    begun = [begin(strict) for _ in range(3)]
    assert begun[0].headers["RateLimit-Policy"] == '"order";q=300;w=60, "checkout";q=2;w=60'
    assert [answer.headers["RateLimit"].split(", ")[1].partition(";t=")[0] for answer in begun] == [
        '"checkout";r=1', '"checkout";r=0', '"checkout";r=0',
    ]  # fmt: skip
    told = begun[-1].json()
    assert (told["status"], told["type"].rpartition("/")[2]) == (429, "too-many-requests")
    assert 0 < int(begun[-1].headers["Retry-After"]) <= 61


def test_two_at_the_same_moment_are_counted_as_two(web_stack: WebStack, strict: HttpClient) -> None:
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda _n: begin(strict).status_code, range(6)))
    assert sorted(statuses) == [201] * 2 + [429] * 4


def test_orders_without_end_are_stopped_whatever_is_wrong_with_them(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _n: begin(http_client, email="nowhere"), range(305)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(400), statuses.count(429)) == (300, 5)
