"""The web while PostgreSQL does not answer: 503 within ten seconds, and well again by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from devstack.stack import Stack
from tests.billing.posting import deliver, event
from tests.core.stopped_backends import backends, stopped
from tests.core.web_stack import HttpClient, WebStack
from tests.customer import until

PLACES = ("/api/billing/plans/", "/api/billing/subdomains/acme/", "/", "/readyz")


@contextmanager
def server_stopped(stack: Stack) -> Iterator[None]:
    """Let the whole server stand still: the kernel takes connections, and nobody answers."""
    postmaster = stack.pids["postgres"]
    with stopped([postmaster, *backends(stack)]):
        yield


def all_at_once(
    http_client: HttpClient, host: str, token: str = "unknown"
) -> list[tuple[requests.Response, float]]:
    """Ask for several places at the same time; return each answer and how long it took."""

    def ask(place: tuple[str, str]) -> tuple[requests.Response, float]:
        began = time.monotonic()
        asked, path = place
        answer = http_client.ask("GET", path, host=asked, headers={"X-Session-Token": token})
        return answer, time.monotonic() - began

    places = [*(("localhost", path) for path in PLACES), (host, "/api/me/")]
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, places))


def warm_up(http_client: HttpClient, host: str) -> None:
    """Have the web's threads hold connections."""
    for _ in range(3):
        all_at_once(http_client, host)


def test_backends_that_stand_still_keep_nobody_waiting_for_ten_seconds(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    """New connections work: so who comes is even served."""
    host = web_stack.acme.host
    warm_up(http_client, host)
    with stopped(backends(web_stack.stack)):
        for answer, seconds in all_at_once(http_client, host):
            assert seconds < 10, answer.url
            assert answer.status_code in {200, 401, 503}, answer.url


@pytest.mark.parametrize("part", ["server", "network"])
def test_a_server_that_stands_still_is_told_within_ten_seconds_and_forgotten_when_it_goes_on(
    web_stack: WebStack, http_client: HttpClient, part: str
) -> None:
    host = web_stack.acme.host
    warm_up(http_client, host)
    with server_stopped(web_stack.stack):
        if part == "network":  # what was given up must be connected anew, and that hangs, too
            all_at_once(http_client, host)
        answers = all_at_once(http_client, host)
        assert http_client.ask("GET", "/healthz").status_code == 200
        began = time.monotonic()
        delivery = deliver(web_stack, http_client, event())
        assert (delivery.status_code, time.monotonic() - began < 10) == (500, True)
    for answer, seconds in answers:
        assert (answer.status_code, seconds < 10) == (503, True), answer.url
        if answer.request.path_url.startswith("/api/"):
            is_told(answer)
    until(lambda: http_client.ask("GET", "/api/billing/plans/").status_code == 200, within=20)
    assert {200, 401, 503} >= {each.status_code for each, _ in all_at_once(http_client, host)}


def is_told(answer: requests.Response) -> None:
    """Check that a program can read what this is, and when to try again."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["code"] == "unavailable"


def test_without_a_server_every_host_answers_at_once_and_says_when_to_try_again(
    breakable: Stack,
) -> None:
    http_client = HttpClient(breakable.web_port)
    breakable.kill_part("postgres")
    began = time.monotonic()
    answers = {
        path: http_client.ask("GET", path, host=host)
        for host, path in (
            ("localhost", "/api/billing/plans/"),
            (f"anybody.{breakable.base_domain}", "/api/me/"),
            (f"anybody.{breakable.base_domain}", "/_allauth/app/v1/auth/session"),
        )
    }
    page = http_client.ask(
        "GET", "/", host=f"anybody.{breakable.base_domain}", headers={"Accept-Language": "el"}
    )
    assert time.monotonic() - began < 10
    for path, answer in answers.items():
        assert answer.status_code == 503, path
        is_told(answer)
    assert answers["/_allauth/app/v1/auth/session"].json()["errors"][0]["code"] == "unavailable"
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "δευτερόλεπτα" in page.text
    breakable.start_part("postgres")
    until(lambda: http_client.ask("GET", "/api/billing/plans/").status_code == 200, within=20)
