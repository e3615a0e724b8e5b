"""Stripe's door: what is signed by us-know-whom and well formed is stored; all else leaves no trace."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from billing.models import StripeEvent
from tests.billing.posting import (
    PATH,
    deliver,
    event,
    jobs_of,
    post,
    secret_of,
    session_event,
    signature,
)
from tests.core.web_stack import OLD_WEBHOOK_SECRET, HttpClient, WebStack, another_web

MIB = 1024 * 1024


def padded(size: int) -> tuple[str, bytes]:
    """Return the id and the body of a good event of exactly this many bytes."""
    padding = event(padding="")
    room = size - len(json.dumps(padding))
    return padding["id"], json.dumps({**padding, "padding": "x" * room}).encode()


def test_a_good_event_is_stored_and_enqueued_once(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    good = event()
    answer = deliver(web_stack, http_client, good)
    assert answer.status_code == 200
    assert answer.json() == {"received": True, "event": good["id"], "duplicate": False}
    again = deliver(web_stack, http_client, good)
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    stored = StripeEvent.objects.get(pk=good["id"])
    assert (stored.payload, stored.status, stored.attempts) == (good, "received", 0)
    assert stored.object_id == good["data"]["object"]["id"]
    assert jobs_of(good["id"]) == 1


def test_a_request_that_touches_nothing_is_quick(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    """The worker is not even running: nothing of the work is done in the request."""
    good = session_event()
    deliver(web_stack, http_client, event())
    answer = deliver(web_stack, http_client, good)
    assert answer.elapsed.total_seconds() < 0.5
    assert StripeEvent.objects.get(pk=good["id"]).status == "received"


@pytest.mark.parametrize(
    "header",
    [
        None, "", "garbage", "t=,v1=", "t=abc,v1=abc", "v1=" + "0" * 64, "t=1", "t=1,v0=abc",
        "t=99999999999999999999,v1=" + "0" * 64, "t=-1,v1=é", "=,=", "t=1,t=2,v1=a,v1=b",
    ],
)  # fmt: skip
def test_a_missing_or_odd_signature_is_a_400(
    web_stack: WebStack, http_client: HttpClient, header: str | None
) -> None:
    unsigned = event()
    sent = header.encode("utf-8").decode("latin-1") if header else header
    answer = post(http_client, json.dumps(unsigned).encode(), sent)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not StripeEvent.objects.filter(pk=unsigned["id"]).exists()


def test_a_stranger_who_signs_with_a_secret_of_their_own_is_refused(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for secret in ("whsec_guess", ",", " "):
        forged = session_event()
        assert deliver(web_stack, http_client, forged, secret=secret).status_code == 400
        assert not StripeEvent.objects.filter(pk=forged["id"]).exists()


@pytest.mark.parametrize(
    ("age", "status"), [(0, 200), (240, 200), (330, 400), (-240, 200), (-330, 400), (-1e6, 400)]
)
def test_a_stamp_is_good_for_five_minutes_on_either_side(
    web_stack: WebStack, http_client: HttpClient, age: float, status: int
) -> None:
    stamped = event()
    assert deliver(web_stack, http_client, stamped, age=age).status_code == status
    assert StripeEvent.objects.filter(pk=stamped["id"]).exists() == (status == 200)


def test_a_changed_body_is_refused(web_stack: WebStack, http_client: HttpClient) -> None:
    first = event()
    body = json.dumps(first).encode()
    header = signature(body, secret_of(web_stack))
    for changed in (
        body + b" ",
        body.replace(b"product", b"produce"),
        b"",
        body.replace(b" ", b""),
    ):
        assert post(http_client, changed, header).status_code == 400
    assert not StripeEvent.objects.filter(pk=first["id"]).exists()


def test_every_secret_of_the_list_counts_while_one_is_being_rolled(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    assert deliver(web_stack, http_client, event(), secret=OLD_WEBHOOK_SECRET).status_code == 200


def test_without_any_secret_nothing_is_taken(web_stack: WebStack, tmp_path: Path) -> None:
    with another_web(web_stack, tmp_path, STRIPE_WEBHOOK_SECRET=" , ") as http_client:
        for secret in ("", " ", ",", " , "):
            forged = event()
            body = json.dumps(forged).encode()
            header = signature(body, secret)
            assert post(http_client, body, header).status_code == 400, repr(secret)
            assert not StripeEvent.objects.filter(pk=forged["id"]).exists()


BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"{",
    "bad UTF-8": b'{"id": "\xff\xfe"}',
    "a lone surrogate as bytes": b'{"id": "\xed\xa0\x80"}',
    "UTF-16": json.dumps(event()).encode("utf-16"),
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a string": b'"evt_1"',
    "a thin event": json.dumps(
        {"id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.error"}
    ).encode(),
    "no object": json.dumps(event(data={})).encode(),
    "an object that is none": json.dumps(event(data={"object": "cs_1"})).encode(),
    "null for data": json.dumps(event(data=None)).encode(),
    "a number for id": json.dumps(event(id=7)).encode(),
    "no id": json.dumps(event(id="")).encode(),
    "an id without end": json.dumps(event(id="evt_" + "x" * 300)).encode(),
    "a type without end": json.dumps(event(type="x" * 200)).encode(),
    "no livemode": json.dumps(event(livemode=None)).encode(),
    "NaN": json.dumps(event(amount=float("nan"))).encode(),
    "Infinity": json.dumps(event(amount=float("inf"))).encode(),
    "a number beyond all": json.dumps(event()).replace('"created": ', '"created": 1e999').encode(),
    "a raw NUL": json.dumps(event(name="a?b")).encode().replace(b"?", b"\0"),
    "nested without end": json.dumps(event()).encode()[:-1] + b', "x": ' + b"[" * 100_000,
    "a number of 5,000 digits": json.dumps(event()).encode()[:-1] + b', "x": ' + b"9" * 5000 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_signed_body_that_is_no_event_is_a_400_and_is_not_stored(
    web_stack: WebStack, http_client: HttpClient, name: str
) -> None:
    before = StripeEvent.objects.count()
    answer = deliver(web_stack, http_client, BROKEN[name])
    assert answer.status_code == 400, answer.text
    assert answer.json()["status"] == 400
    assert StripeEvent.objects.count() == before


@pytest.mark.parametrize("odd", ["\0", "\ud800", "\udfff and \0", "é🏠\u2028", "\\u0000"])
def test_text_that_postgresql_cannot_keep_costs_no_event(
    web_stack: WebStack, http_client: HttpClient, odd: str
) -> None:
    """Stripe sends what customers typed: a NUL in a name must not hold up its payment."""
    typed = event(data={"object": {"id": f"in_{odd}", "name": odd, odd: [odd, {odd: 1}]}})
    answer = deliver(web_stack, http_client, typed)
    assert answer.status_code == 200, answer.text
    kept = StripeEvent.objects.get(pk=typed["id"])
    assert kept.payload["type"] == "product.created"
    if odd.isprintable():
        assert kept.payload == typed


@pytest.mark.parametrize("chunked", [False, True])
def test_an_event_may_be_one_mebibyte_and_not_a_byte_more(
    web_stack: WebStack, http_client: HttpClient, chunked: bool
) -> None:
    fits, body = padded(MIB)
    assert deliver(web_stack, http_client, body, chunked=chunked).status_code == 200
    assert StripeEvent.objects.filter(pk=fits).exists()
    too_much, body = padded(MIB + 1)
    assert deliver(web_stack, http_client, body, chunked=chunked).status_code == 413
    assert not StripeEvent.objects.filter(pk=too_much).exists()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_told_what_is_allowed(
    web_stack: WebStack, http_client: HttpClient, method: str
) -> None:
    answer = http_client.ask(method, PATH)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_at_the_door_is_fine(
    web_stack: WebStack, http_client: HttpClient, method: str
) -> None:
    assert http_client.ask(method, PATH).status_code == 200


def test_tenants_hosts_have_no_such_door(web_stack: WebStack, http_client: HttpClient) -> None:
    stray = event()
    body = json.dumps(stray).encode()
    header = signature(body, secret_of(web_stack))
    assert post(http_client, body, header, host=web_stack.acme.host).status_code == 404
    chosen = {"X-Tenant-Host": web_stack.acme.host}
    assert post(http_client, body, header, headers=chosen).status_code == 404
    assert not StripeEvent.objects.filter(pk=stray["id"]).exists()


def test_twenty_deliveries_at_once_leave_one_row_and_one_job(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    repeated = session_event()
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _n: deliver(web_stack, http_client, repeated), range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert sum(not answer.json()["duplicate"] for answer in answers) == 1
    assert StripeEvent.objects.filter(pk=repeated["id"]).count() == 1
    assert jobs_of(repeated["id"]) == 1


def test_an_event_whose_job_cannot_be_enqueued_is_not_stored_and_comes_again(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    unlucky = session_event()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE procrastinate_jobs RENAME TO procrastinate_jobs_away")
    try:
        answer = deliver(web_stack, http_client, unlucky)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE procrastinate_jobs_away RENAME TO procrastinate_jobs")
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not StripeEvent.objects.filter(pk=unlucky["id"]).exists()
    assert deliver(web_stack, http_client, unlucky).json()["duplicate"] is False
    assert jobs_of(unlucky["id"]) == 1


def test_an_event_of_the_other_mode_is_parked_and_rings_nobody(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    foreign: dict[str, Any] = session_event(livemode=True)
    assert deliver(web_stack, http_client, foreign).status_code == 200
    parked = StripeEvent.objects.get(pk=foreign["id"])
    assert (parked.status, parked.processed_at) == ("parked", None)
    assert "livemode" in parked.error
    assert jobs_of(foreign["id"]) == 0
