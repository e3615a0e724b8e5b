"""/metrics: one answer whoever gives it, for whoever has the token, and no label that explodes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from public_apps.tenants import suspension
from tests.billing.posting import deliver, event, post
from tests.core.web_stack import HttpClient, WebStack, another_web, create_workspace
from tests.customer import Shop, until

Samples = dict[str, dict[frozenset[str], float]]


def scraped(text: str) -> Samples:
    """Return every sample by its name and the values of its labels."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.values())] = sample.value
    return found


def scrape(http_client: HttpClient, web_stack: WebStack) -> Samples:
    """Ask as Prometheus would."""
    headers = {"Authorization": f"Bearer {web_stack.stack.env['METRICS_TOKEN']}"}
    answer = http_client.ask("GET", "/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return scraped(answer.text)


def value(http_client: HttpClient, web_stack: WebStack, name: str, *labels: str) -> float:
    """Return one series, 0 as long as it isn't there."""
    return scrape(http_client, web_stack).get(f"concierge_{name}", {}).get(frozenset(labels), 0)


def grown(
    http_client: HttpClient,
    web_stack: WebStack,
    deed: Callable[[], object],
    name: str,
    *labels: str,
) -> float:
    """Return by how much a series has grown by a deed, once it has grown at all."""
    before = value(http_client, web_stack, name, *labels)
    deed()
    return until(lambda: value(http_client, web_stack, name, *labels) - before)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"],
)
def test_without_the_token_nothing_is_told(
    web_stack: WebStack, http_client: HttpClient, header: str
) -> None:
    given = header.format(token=web_stack.stack.env["METRICS_TOKEN"])
    answer = http_client.ask("GET", "/metrics", headers={"Authorization": given})
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_without_a_token_in_the_settings_there_is_no_such_address(
    web_stack: WebStack, tmp_path: Path
) -> None:
    with another_web(web_stack, tmp_path, METRICS_TOKEN=" ") as http_client:
        answer = http_client.ask("GET", "/metrics", headers={"Authorization": "Bearer  "})
        assert answer.status_code == 404


def test_it_answers_at_a_machines_own_name(web_stack: WebStack, http_client: HttpClient) -> None:
    headers = {"Authorization": f"Bearer {web_stack.stack.env['METRICS_TOKEN']}"}
    answer = http_client.ask("GET", "/metrics", host="10.0.0.7:8000", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_every_process_counts_and_any_of_them_tells_all(
    web_stack: WebStack, http_client: HttpClient, tmp_path: Path
) -> None:
    series = ("http_requests_total", "billing:config", "GET", "200")
    before = value(http_client, web_stack, *series)
    with another_web(web_stack, tmp_path) as other:
        for web in (http_client, other) * 7:
            assert web.ask("GET", "/api/billing/config/").status_code == 200
        for web in (http_client, other):
            until(lambda web=web: value(web, web_stack, *series) == before + 14)  # type: ignore[misc]


def test_what_was_counted_just_before_the_end_is_not_lost(
    web_stack: WebStack, http_client: HttpClient, tmp_path: Path
) -> None:
    series = ("http_requests_total", "unmatched", "DELETE", "404")
    before = value(http_client, web_stack, *series)
    with another_web(web_stack, tmp_path) as other:
        for _ in range(5):
            assert other.ask("DELETE", f"/{secrets.token_hex(4)}").status_code == 404
    assert value(http_client, web_stack, *series) == before + 5


def test_deliveries_are_counted_by_type_and_result(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    name = "webhook_answers_total"
    deed: Callable[[], object] = lambda: deliver(web_stack, http_client, event())  # noqa: E731
    assert grown(http_client, web_stack, deed, name, "product.created", "stored") == 1
    deed = lambda: post(http_client, b"{}", "t=1,v1=0")  # noqa: E731
    assert grown(http_client, web_stack, deed, name, "", "unsigned") == 1
    deed = lambda: deliver(web_stack, http_client, {"object": "no event"})  # noqa: E731
    assert grown(http_client, web_stack, deed, name, "", "refused") == 1
    assert value(http_client, web_stack, "webhook_answer_seconds_count", "stored") >= 1


def test_what_may_fail_is_shown_before_it_does_so_that_its_first_time_is_seen(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    http_client.ask("GET", "/api/billing/config/")
    request = ("http_requests_total", "billing:config", "GET", "200")
    until(lambda: value(http_client, web_stack, *request))
    found = scrape(http_client, web_stack)
    for name, *labels in (
        ("webhook_answers_total", "", "unsigned"),
        ("webhook_answers_total", "", "error"),
        ("webhook_answers_total", "invoice.paid", "stored"),
        ("event_attempts_total", "invoice.paid", "failed"),
        ("events_missed_total",),
        ("http_requests_total", "billing:config", "GET", "500"),
    ):
        assert frozenset(labels) in found[f"concierge_{name}"], (name, labels)


def test_a_signed_type_that_is_no_type_makes_no_series(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    odd = event(type='x"} 1\n# evil')
    name = "webhook_answers_total"
    assert (
        grown(
            http_client, web_stack, lambda: deliver(web_stack, http_client, odd), name, "", "stored"
        )
        == 1
    )


def test_no_label_names_a_tenant_a_path_or_a_person(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    court, word = create_workspace(), f"word-{secrets.token_hex(6)}"
    http_client.ask("GET", f"/{word}/", host=court.host)
    http_client.ask("GET", f"/accounts/set-password/{word}/", host=court.host)
    name = "sign_in_failures_total"
    assert (
        grown(http_client, web_stack, lambda: http_client.sign_in(court, "wrong"), name, "tenant")
        >= 1
    )
    headers = {"Authorization": f"Bearer {web_stack.stack.env['METRICS_TOKEN']}"}
    text = http_client.ask("GET", "/metrics", headers=headers).text
    for told in (court.host, court.owner, court.tenant.schema_name, word):
        assert told not in text


def test_a_suspended_workspaces_answers_are_seen_as_402(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    court = create_workspace()
    suspension.hold(tenant=court.tenant, reason="a matter", by="anna@staff.example")
    before = scrape(http_client, web_stack)
    assert http_client.ask("GET", "/", host=court.host).status_code == 402
    until(
        lambda: (
            _with_status(scrape(http_client, web_stack), "402") == _with_status(before, "402") + 1
        )
    )


def _with_status(samples: Samples, status: str) -> float:
    series = samples.get("concierge_http_requests_total", {})
    return sum(number for labels, number in series.items() if status in labels)


def test_a_journey_leaves_its_times(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {shop.stack.env['METRICS_TOKEN']}"}

    def now(name: str, *labels: str) -> float:
        text = requests.get(f"{shop.url}/metrics", headers=headers, timeout=30).text
        return scraped(text).get(f"concierge_{name}", {}).get(frozenset(labels), 0)

    before = now("signup_ready_seconds_count")
    mails = now("mails_total", "welcome", "sent")
    shop.buy()
    until(lambda: now("signup_ready_seconds_count") > before)
    until(lambda: now("mails_total", "welcome", "sent") > mails)
    for step in ("workspace", "address", "owner", "open"):
        assert now("provisioning_step_seconds_count", step) >= 1
    assert now("event_attempts_total", "checkout.session.completed", "done") >= 1
