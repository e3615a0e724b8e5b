"""How often one client may start a purchase: what was refused is none, and two at once are two."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.core.ground import Door, Ground, another_web
from tests.customer import Order

CHECKOUT = "/api/billing/checkout/"


@pytest.fixture
def strict(ground: Ground, tmp_path: Path) -> Iterator[Door]:
    """A web server where a client starts two purchases a minute; nobody answers for Stripe."""
    with another_web(ground, tmp_path, CHECKOUT_RATE="2/min") as door:
        yield door


def begin(door: Door, **wishes: str) -> requests.Response:
    """Send an order by the API."""
    return door.ask("POST", CHECKOUT, json={**dataclasses.asdict(Order()), **wishes})


def test_refused_forms_are_no_purchases(ground: Ground, strict: Door) -> None:
    assert ground.acme.host == "acme.localhost"
    refused = [
        begin(strict, email="nowhere"), begin(strict, plan="free"), begin(strict, subdomain="W!"),
        *(begin(strict, subdomain="acme") for _ in range(3)),
    ]  # fmt: skip
    assert [answer.status_code for answer in refused] == [400] * 3 + [409] * 3
    assert [begin(strict).status_code for _ in range(3)] == [502, 502, 429]
    assert begin(strict, subdomain="acme").status_code == 429


def test_who_starts_too_many_is_told_when_to_come_back(ground: Ground, strict: Door) -> None:
    begun = [begin(strict) for _ in range(3)]
    assert begun[0].headers["RateLimit-Policy"] == '"order";q=300;w=60, "checkout";q=2;w=60'
    assert [answer.headers["RateLimit"].split(", ")[1].partition(";t=")[0] for answer in begun] == [
        '"checkout";r=1', '"checkout";r=0', '"checkout";r=0',
    ]  # fmt: skip
    told = begun[-1].json()
    assert (told["status"], told["type"].rpartition("/")[2]) == (429, "too-many-requests")
    assert 0 < int(begun[-1].headers["Retry-After"]) <= 61


def test_two_at_the_same_moment_are_counted_as_two(ground: Ground, strict: Door) -> None:
    with ThreadPoolExecutor(6) as threads:
        statuses = list(threads.map(lambda _n: begin(strict).status_code, range(6)))
    assert sorted(statuses) == [429] * 4 + [502] * 2


def test_orders_without_end_are_stopped_whatever_is_wrong_with_them(
    ground: Ground, door: Door
) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _n: begin(door, email="nowhere"), range(305)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(400), statuses.count(429)) == (300, 5)
