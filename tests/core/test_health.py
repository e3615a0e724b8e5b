"""/healthz says that the process lives; /readyz names what keeps it from serving."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.web_stack import NOBODY, HttpClient, WebStack, another_web
from tests.customer import until


@pytest.mark.parametrize(
    "host",
    ["localhost", "acme.localhost", "healthcheck.railway.app", "10.0.0.7:8000", "", "no one"],
)
def test_alive_on_every_host(web_stack: WebStack, http_client: HttpClient, host: str) -> None:
    answer = http_client.ask("GET", "/healthz", host=host)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_only_with_a_worker_and_a_spare(web_stack: WebStack, http_client: HttpClient) -> None:
    without = http_client.ask("GET", "/readyz")
    assert without.status_code == 503
    assert "worker" in without.json()["failing"]
    assert without.json()["parts"]["database"] == "ok"
    web_stack.stack.start_part("worker")
    try:
        web_stack.stack.wait_ready()
        # Each process looks once a second.
        until(lambda: http_client.ask("GET", "/readyz").status_code == 200)
        assert http_client.ask("GET", "/readyz").json()["failing"] == []
    finally:
        web_stack.stack.stop_part("worker")


def test_without_a_database_it_lives_and_is_not_ready(web_stack: WebStack, tmp_path: Path) -> None:
    nowhere = NOBODY.replace("http://", "postgresql://nobody:none@") + "/nothing"
    with another_web(web_stack, tmp_path, DATABASE_URL=nowhere) as http_client:
        assert http_client.ask("GET", "/healthz").status_code == 200
        answer = http_client.ask("GET", "/readyz")
        assert answer.status_code == 503
        assert "database" in answer.json()["failing"]
        assert "nobody" not in answer.text
        event = http_client.ask("POST", "/api/billing/webhook/stripe/", data=b"{}")
        assert event.status_code == 400, "a bad signature needs no database"
