"""What a crash leaves: everything that was answered, and every webhook still owed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mock_stripe.mock_server import ROOT, Mock, Receiver, clean_environment, eventually


def test_all_that_was_answered_survives_kill_9(mock: Mock) -> None:
    session = mock.session()
    mock.complete(session.id)
    waiting = mock.session()
    form = {"email": "eleni@example.com"}
    kept = mock.call("POST", "/v1/customers", form, idempotency_key="k1")
    lists = ("customers", "subscriptions?status=all", "invoices", "events", "prices", "charges")
    before = [mock.call("GET", f"/v1/{path}").body for path in lists]
    mock.settled()
    attempts = mock.control("deliveries", method="GET")
    mock.control("delivery", {"drop": True})
    mock.control("clock", {"advance": 60})
    mock.stop(signal.SIGKILL)
    mock.start()

    after = [mock.call("GET", f"/v1/{path}").body for path in lists]
    assert [text.replace(": 1,", ": 0,") for text in after] == [
        text.replace(": 1,", ": 0,") for text in before
    ]  # pending_webhooks is 1 or 0, as deliveries went
    again = mock.call("POST", "/v1/customers", form, idempotency_key="k1")
    assert (again.body, again.headers["idempotent-replayed"]) == (kept.body, "true")
    assert mock.control("deliveries", method="GET") == attempts
    assert mock.complete(waiting.id)["status"] == "complete"
    assert mock.control("deliveries", method="GET") == attempts


def test_webhooks_that_were_owed_are_delivered_after_kill_9(mock: Mock, receiver: Receiver) -> None:
    receiver.answers = lambda _delivery: 500
    mock.subscribed()
    eventually(lambda: len(receiver.deliveries) > 5, what="tries")
    mock.stop(signal.SIGKILL)
    seen = {event["id"] for event in receiver.events()}
    receiver.answers = lambda _delivery: 200
    receiver.deliveries.clear()
    mock.start()

    mock.settled()
    assert "checkout.session.completed" in receiver.types()
    assert seen <= {event["id"] for event in receiver.events()}


def test_a_session_that_expired_meanwhile_expires_at_the_start(
    mock: Mock, receiver: Receiver
) -> None:
    session = mock.session()
    mock.stop(signal.SIGKILL)
    # A day passes: the clock on disk says so, by the mock's own kind of line.
    with (mock.folder / "journal.jsonl").open("a") as journal:
        clock = r"{\"object\":\"_setting\",\"id\":\"clock\",\"ahead\":90000}"
        journal.write(f'[["_setting","clock","{clock}"]]\n')
    mock.start()

    told = receiver.wait_for("checkout.session.expired")
    assert told[0]["data"]["object"]["id"] == session.id


def test_a_torn_last_line_never_happened(mock: Mock) -> None:
    customer = mock.client().v1.customers.create({})
    mock.stop(signal.SIGKILL)
    with (mock.folder / "journal.jsonl").open("a") as journal:
        journal.write('[["customer","cus_torn","{\\"id\\":')
    mock.start()

    second = mock.client().v1.customers.create({})
    mock.stop(signal.SIGKILL)
    mock.start()
    ids = [found.id for found in mock.client().v1.customers.list().data]
    assert ids == [second.id, customer.id]


def test_the_journal_is_rewritten_when_it_has_grown_beyond_its_worth(mock: Mock) -> None:
    customers = mock.client().v1.customers
    customer = customers.create({})
    mock.control("delivery", {"drop": True})
    for number in range(200):
        mock.control("delivery", {"drop": True, "delay_ms": number})
    journal = mock.folder / "journal.jsonl"
    before = journal.stat().st_size
    mock.stop()
    mock.start()

    assert journal.stat().st_size < before / 2
    assert customers.retrieve(customer.id).id == customer.id
    second = customers.create({})
    mock.stop(signal.SIGKILL)
    mock.start()
    assert [found.id for found in customers.list().data] == [second.id, customer.id]


def _run(tmp_path: Path, *options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mock_stripe", "--port", "0"]
    return subprocess.run(
        [*command, "--state", str(tmp_path), *options],
        cwd=ROOT, env=clean_environment() | environ, capture_output=True, text=True, check=False,
        timeout=20,
    )  # fmt: skip


@pytest.mark.parametrize("off", ["False", "0", "no", "off"])
def test_production_cannot_start_it(tmp_path: Path, off: str) -> None:
    refused = _run(tmp_path, DJANGO_DEBUG=off)

    assert refused.returncode == 2
    assert "DJANGO_DEBUG" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_two_do_not_share_a_folder(mock: Mock) -> None:
    refused = _run(mock.folder)

    assert refused.returncode == 1
    assert "another mock Stripe is using" in refused.stderr


def test_damage_is_said_rather_than_skipped(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text('rubbish\n[["customer","cus_1",null]]\n')
    refused = _run(tmp_path)

    assert refused.returncode == 1
    assert "no change" in refused.stderr


def test_no_other_address_is_bound(tmp_path: Path) -> None:
    assert _run(tmp_path, "--host", "0.0.0.0").returncode == 2  # noqa: S104  # it is refused
    assert _run(tmp_path, "--webhook-url", "ftp://x").returncode == 2


def test_it_stops_cleanly_when_asked(mock: Mock) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        assert mock.stop(number) == 0
        mock.start()
