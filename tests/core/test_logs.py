"""Logs: one line a request, and no line that holds a secret."""

from __future__ import annotations

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.core.web_stack import PASSWORD, HttpClient, WebStack

SECRETS = {
    "a secret key": "sk_live_51Habc123XYZ",
    "a restricted key": "rk_test_abc123",
    "a webhook secret": "whsec_Zm9v+YmFy/x==",
    "a bearer token": "Bearer abc.DEF-123_x",
    "a lower-case bearer token": "bearer abcdef123456",
    "a password in an address": "postgres://concierge:sw0rdf1sh@here@db.example/concierge",
}
# What of them must not be seen.
HIDDEN = [
    "51Habc123XYZ",
    "rk_test_abc123",
    "Zm9v",
    "abc.DEF-123_x",
    "abcdef123456",
    "sw0rdf1sh",
    "here@db",
]
LOGGING = """
import logging, structlog
log, old, words, fields = structlog.get_logger("new"), logging.getLogger("old"), {words!r}, {fields!r}
for word in words:
    log.info("said " + word, field=word, nested={{"deep": [word, (word,)]}})
    old.warning("said %s", word)
    try:
        raise ValueError("broke on " + word)
    except ValueError:
        log.exception("caught")
        old.exception("caught")
log.warning("fields", **fields, nested=fields)
"""
FIELDS = dict.fromkeys(
    ["password", "token", "secret", "Authorization", "cookie", "key"], "hunter-two"
)


@pytest.mark.parametrize("debug", ["True", "False"])
def test_no_way_of_logging_lets_a_secret_out(web_stack: WebStack, debug: str) -> None:
    script = LOGGING.format(words=list(SECRETS.values()), fields=FIELDS)
    done = web_stack.stack.manage("shell", "-v0", "-c", script, environ={"DJANGO_DEBUG": debug})
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len([line for line in lines if "said" in line]) == 2 * len(SECRETS)
    for hidden in [*HIDDEN, "hunter-two"]:
        assert hidden not in done.stderr
    if debug == "False":
        assert all(json.loads(line)["level"] for line in lines), "one JSON document a line"


@pytest.mark.parametrize(
    "path",
    ["token-" * 1300 + ":", "a" * 7000 + "@", "bearer" + "%20" * 2300, "accounts" + "/" * 7000],
)
def test_no_path_keeps_a_web_process_busy(web_stack: WebStack, path: str) -> None:
    with ThreadPoolExecutor(max_workers=4) as callers:
        asked = [callers.submit(web_stack.http_client().ask, "GET", f"/{path}") for _ in range(3)]
        waits: list[float] = []
        while not all(each.done() for each in asked) or len(waits) < 3:
            began = time.monotonic()
            answer = web_stack.http_client().ask("GET", "/healthz")
            waits.append(time.monotonic() - began)
            assert answer.status_code == 200
    assert {each.result().status_code for each in asked} == {404}
    assert max(waits) < 5


def web_log_of(web_stack: WebStack, request_id: str) -> str:
    """Return what the web server has logged under a request's id."""
    for _ in range(50):
        log = web_stack.stack.log("web").read_text()
        if lines := [line for line in log.splitlines() if request_id in line]:
            return "\n".join(lines)
        time.sleep(0.1)
    raise AssertionError("nothing was logged")


def test_a_request_leaves_one_line_without_its_secrets(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    key, request_id = f"1-abc-{secrets.token_hex(16)}", secrets.token_hex(12)
    headers = {"X-Request-ID": request_id, "Authorization": f"Bearer {key}"}
    path = f"/accounts/set-password/{key}/"
    answer = http_client.ask("GET", path, host=web_stack.acme.host, headers=headers)
    assert answer.headers["X-Request-ID"] == request_id
    line = web_log_of(web_stack, request_id)
    assert len(line.splitlines()) == 1
    assert "status=410" in line
    assert web_stack.acme.tenant.schema_name in line
    assert key not in web_stack.stack.log("web").read_text()


def test_a_password_is_in_no_log(web_stack: WebStack, http_client: HttpClient) -> None:
    token = http_client.token(web_stack.acme)
    request_id = secrets.token_hex(12)
    headers = {"X-Session-Token": token, "X-Request-ID": request_id}
    http_client.ask("GET", "/api/me/", host=web_stack.acme.host, headers=headers)
    web_log_of(web_stack, request_id)
    log = web_stack.stack.log("web").read_text()
    assert PASSWORD not in log
    assert token not in log


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "a b c d e f", "id<script>", "é" * 10])
def test_an_odd_request_id_is_replaced(
    web_stack: WebStack, http_client: HttpClient, given: str
) -> None:
    sent = given.encode().decode("latin-1")
    made = http_client.ask("GET", "/api/billing/config/", headers={"X-Request-ID": sent}).headers
    assert len(made["X-Request-ID"]) == 32
    assert made["X-Request-ID"] != sent
