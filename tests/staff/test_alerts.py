"""Each alert is raised by a real fault, mailed once, and told to be over when it is."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from devstack import mailbox
from public_apps.monitoring.background_tasks import FLUSH_SECONDS
from tests import templates
from tests.billing.posting import event
from tests.customer import Order, Shop, until

OPS = "ops@staff.example"
LOOKED_EVERY_SECONDS = 15  # by staff.watch_thresholds


@pytest.fixture(scope="module")
def system_with_staff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A system of its own whose staff get alerts, and where an event has two attempts."""
    # So many threads that a good part of all deliveries can be slow at once.
    settings = {"OPS_ALERT_EMAILS": OPS, "EVENT_MAX_ATTEMPTS": "2", "WEB_THREADS": "16"}
    # Or the database would end what is to be slow.
    settings |= {"WEB_LOCK_SECONDS": "8", "WEB_STATEMENT_SECONDS": "8"}
    with templates.own_system(tmp_path_factory.mktemp("watched"), **settings) as stack:
        yield Shop(stack)


@pytest.fixture
def watched(system_with_staff: Shop) -> Shop:
    """The same system, where nothing of what earlier tests have done is counted, told or open."""
    shop = system_with_staff
    requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()
    time.sleep(FLUSH_SECONDS + 1)  # by then all that earlier tests have posted is counted
    run(shop, "DELETE FROM core_webhookslot")
    run(shop, "UPDATE billing_stripeevent SET status = 'ignored' WHERE status = 'failed'")
    # The checks see by themselves that it is over, and say so.
    until(lambda: count(shop, "billing_incident", "closed_at IS NULL") == 0, within=90)
    until(lambda: count(shop, "core_outgoingmail", "sent_at IS NULL AND failed_at IS NULL") == 0)
    run(shop, "DELETE FROM billing_incident")
    for told in shop.stack.mail_dir.glob("*.eml"):
        told.unlink()
    return shop


def count(shop: Shop, table: str, condition: str) -> int:
    """Return how many rows there are of which this is true."""
    with psycopg.connect(shop.stack.database_url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchone()  # noqa: S608 - our own words
    return int(row[0]) if row else 0


def mails(shop: Shop, words: str) -> list[str]:
    """Return the alerts whose subject begins like this, as text."""
    return [
        mailbox.plain_text(mail)
        for mail in shop.mails_to(OPS)
        if str(mail["Subject"]).startswith(words)
    ]


def alert(shop: Shop, title: str, *, within: float = 90) -> str:
    """Return the one mail that an incident has brought, once it is there."""
    [text] = until(lambda: mails(shop, f"Alert: {title}"), within=within)
    return text


def is_over(shop: Shop, title: str, *, within: float = 90) -> str:
    """Return the mail that says that it is over, once it is there; the alert came once only."""
    [text] = until(lambda: mails(shop, f"Over: {title}"), within=within)
    assert len(mails(shop, f"Alert: {title}")) <= 1
    return text


def post(shop: Shop, *, good: bool = True) -> int:
    """Deliver an event that we do not act on; return the answer's status."""
    payload = json.dumps(event())
    return shop.deliver(payload, header=None if good else "t=1,v1=0").status_code


def run(shop: Shop, statement: str) -> None:
    """Step in where only an accident would."""
    with psycopg.connect(shop.stack.database_url) as connection:
        connection.execute(statement)


def test_a_silent_worker_is_noticed_by_the_web_and_told_once(watched: Shop) -> None:
    watched.stack.kill_part("worker")
    try:
        text = alert(watched, "No worker is at work", within=150)
        assert "heartbeat" in text
        assert "manage.py worker" in text
        age = _gauge(watched, "concierge_worker_heartbeat_age_seconds")
        assert age > 40
    finally:
        watched.stack.start_part("worker")
    is_over(watched, "No worker is at work")


def test_strangers_at_stripes_door_raise_no_alarm(watched: Shop) -> None:
    for _ in range(5):
        assert post(watched) == 200
    for _ in range(100):
        assert watched.deliver("{}", header="").status_code == 400
        assert post(watched, good=False) == 400
    until(lambda: count(watched, "core_webhookslot", "refused >= 100") >= 1)
    time.sleep(2 * LOOKED_EVERY_SECONDS + 1)
    assert mails(watched, "Alert:") == []
    assert count(watched, "billing_incident", "true") == 0


def test_answers_of_500_are_told_and_their_end(watched: Shop) -> None:
    title = "Too much of what Stripe sends ends in an error"
    run(watched, "ALTER TABLE billing_stripeevent RENAME TO billing_lost")
    try:
        for _ in range(8):
            assert post(watched) == 500
    finally:
        run(watched, "ALTER TABLE billing_lost RENAME TO billing_stripeevent")
    assert "8 answers" in alert(watched, title)
    for _ in range(250):
        assert post(watched) == 200
    is_over(watched, title)


def test_slow_answers_are_told_and_their_end(watched: Shop) -> None:
    title = "Stripe's webhooks are answered slowly"
    with psycopg.connect(watched.stack.database_url) as connection:
        connection.execute("LOCK TABLE billing_stripeevent IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(max_workers=30) as pool:
            waiting = [pool.submit(post, watched) for _ in range(30)]
            until(lambda: all(future.running() or future.done() for future in waiting))
            time.sleep(6)  # longer than the guide's five seconds
            connection.rollback()
            assert {future.result() for future in waiting} == {200}
    assert "answers took up to" in alert(watched, title)
    for _ in range(700):
        assert post(watched) == 200
    is_over(watched, title)


def test_an_event_that_is_given_up_is_told_until_its_retry_succeeds(watched: Shop) -> None:
    session_id = watched.check_out(Order())
    watched.control("faults", {"status": 500, "path": "/v1/checkout"}).raise_for_status()
    watched.pay(session_id)
    title = "An event failed for good"
    text = alert(watched, title)
    assert session_id in text
    assert "StripeUnavailable" in text
    requests.delete(f"{watched.mock}/_control/faults", timeout=10).raise_for_status()
    failed = [row["id"] for row in watched.events() if row["status"] == "failed"]
    done = watched.stack.manage("stripe_events", "retry", *failed)
    assert done.returncode == 0, done.stderr
    watched.wait_for(session_id)
    assert session_id in is_over(watched, title)


def test_a_paid_signup_without_a_workspace_is_told_until_it_is_ready(watched: Shop) -> None:
    order = Order(organization=f"Late Court {secrets.token_hex(3)}")
    session_id = watched.check_out(order)
    title = "Somebody has paid and has no workspace yet"
    with psycopg.connect(watched.stack.database_url) as in_the_way:
        # Nobody gets an address meanwhile, and whoever gives one waits.
        in_the_way.execute("LOCK TABLE tenants_domain IN SHARE ROW EXCLUSIVE MODE")
        run(
            watched,
            "UPDATE onboarding_signup SET paid_at = now() - interval '6 minutes'"  # noqa: S608 - our own id
            f" WHERE checkout_session_id = '{session_id}'",
        )
        assert order.organization in alert(watched, title)
    watched.wait_for(session_id, within=60)  # by the sweep: no event told us
    is_over(watched, title)


def test_mail_that_does_not_leave_is_told_as_soon_as_it_does(watched: Shop) -> None:
    watched.stack.stop_part("mail")
    try:
        watched.buy()
        until(lambda: _gauge(watched, "concierge_incidents_open", 'kind="mail_failing"') == 1)
    finally:
        watched.stack.start_part("mail")
    text = is_over(watched, "Mail does not leave", within=150)
    assert "welcome" in text


def _gauge(shop: Shop, name: str, labels: str = "") -> float:
    headers = {"Authorization": f"Bearer {shop.stack.env['METRICS_TOKEN']}"}
    text = requests.get(f"{shop.url}/metrics", headers=headers, timeout=30).text
    start = f"{name}{{{labels}}} " if labels else f"{name} "
    [line] = [line for line in text.splitlines() if line.startswith(start)]
    return float(line.removeprefix(start))
