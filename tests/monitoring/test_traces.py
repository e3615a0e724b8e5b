"""Logs of web and worker tell one story by the request's id, and hold nobody's secrets or address."""

from __future__ import annotations

import json
import re
import secrets

import requests

from tests.billing.posting import event
from tests.core.web_stack import HttpClient, WebStack
from tests.customer import PASSWORD, Order, Shop, until

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def lines_with(shop: Shop, part: str, word: str) -> list[str]:
    """Return a part's log lines that hold a word."""
    return [line for line in shop.stack.log(part).read_text().splitlines() if word in line]


def test_a_webhooks_request_id_is_found_in_the_workers_lines(shop: Shop) -> None:
    sent = event(type="customer.deleted", data={"object": {"id": "cus_nobody", "deleted": True}})
    answer = shop.deliver(json.dumps(sent))
    request_id = answer.headers["X-Request-ID"]
    [web] = until(lambda: lines_with(shop, "web", request_id))
    assert sent["id"] in web
    assert "event_type=customer.deleted" in web
    worked = until(lambda: lines_with(shop, "worker", request_id))
    assert any("[WEBHOOK] customer.deleted: cus_nobody" in line for line in worked)
    for field in (f"event_id={sent['id']}", "job_id=", "task="):
        assert any(field in line for line in worked)


def test_what_one_request_binds_is_not_seen_in_the_next(shop: Shop) -> None:
    sent = event()
    shop.deliver(json.dumps(sent))
    ids = [
        requests.get(f"{shop.url}/api/billing/config/", timeout=30).headers["X-Request-ID"]
        for _ in range(40)
    ]
    for request_id in ids:
        [line] = until(lambda request_id=request_id: lines_with(shop, "web", request_id))  # type: ignore[misc]
        assert "event_id" not in line


def test_a_whole_journey_leaves_no_secret_and_no_address_but_in_the_guides_line(
    shop: Shop,
) -> None:
    workspace = shop.buy(Order(organization="Quiet Court"))
    key = workspace.key()
    workspace.request("GET", f"/accounts/set-password/{key}/")
    workspace.set_password()
    token = workspace.token()
    headers = {"Authorization": f"Bearer {token}"}
    me = workspace.request("GET", "/api/me/", headers=headers)
    wrong = {"email": workspace.order.email, "password": "a-wrong-password-99"}
    workspace.request("POST", "/_allauth/app/v1/auth/login", json=wrong)
    workspace.request("GET", f"/?token={token}&email={workspace.order.email}")
    until(lambda: lines_with(shop, "web", me.headers["X-Request-ID"]))
    [mine] = lines_with(shop, "web", me.headers["X-Request-ID"])
    assert "user=" in mine, "whoever asks is named by an id"
    assert "tenant=t_" in mine

    done = f"[WEBHOOK] Provisioning complete for {workspace.order.email}"
    [line] = until(lambda: lines_with(shop, "worker", done))
    for field in ("tenant=t_", "event_id=evt_", "job_id=", "request_id=", "signup="):
        assert field in line
    logs = "\n".join(shop.stack.log(part).read_text() for part in ("web", "worker"))
    env = shop.stack.env
    hidden = [
        key, token, PASSWORD, "a-wrong-password-99", env["DJANGO_SECRET_KEY"],
        env["STRIPE_SECRET_KEY"], env["STRIPE_WEBHOOK_SECRET"], env["METRICS_TOKEN"],
    ]  # fmt: skip
    for secret in hidden:
        assert secret not in logs
    for line in logs.splitlines():
        if "[WEBHOOK] Provisioning complete" not in line:
            assert workspace.order.email not in line


def test_a_failure_with_its_traceback_is_scrubbed_too(web_stack: WebStack) -> None:
    password, to = secrets.token_hex(8), f"eleni-{secrets.token_hex(3)}@sunny.example"
    script = f"""
import structlog, logging
log = structlog.get_logger("any")
try:
    raise ValueError("postgresql://concierge:{password}@db/x refused {to}, password={password}")
except ValueError:
    log.exception("it broke for {to}", form={{"new_password": "{password}", "to": "{to}"}})
    logging.getLogger("old").exception("it broke for %s", "{to}")
"""
    done = web_stack.stack.manage("shell", "-v0", "-c", script)
    assert "ValueError" in done.stderr
    assert password not in done.stderr
    assert to not in done.stderr
    assert "[e-mail]" in done.stderr


def test_a_refused_sign_in_names_nobody(web_stack: WebStack, http_client: HttpClient) -> None:
    request_id = secrets.token_hex(12)
    body = {"email": "stranger@elsewhere.example", "password": "not-a-real-one-1"}
    http_client.ask(
        "POST", "/_allauth/app/v1/auth/login", host=web_stack.acme.host, json=body,
        headers={"X-Request-ID": request_id},
    )  # fmt: skip
    log = until(lambda: request_id in (text := web_stack.stack.log("web").read_text()) and text)
    assert not [word for word in ADDRESS.findall(log) if "stranger" in word]
