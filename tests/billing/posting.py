"""Posting to Stripe's door as Stripe does, and as others might."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from typing import Any

import requests
from django.db import connection

from tests.core.web_stack import HttpClient, WebStack

PATH = "/api/billing/webhook/stripe/"


def event(**fields: Any) -> dict[str, Any]:
    """Return an event of a type that we do not act on, with an id of its own."""
    return {
        "id": f"evt_{secrets.token_hex(8)}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "type": "product.created",
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": {"id": f"prod_{secrets.token_hex(8)}", "object": "product"}},
        **fields,
    }


def session_event(**fields: Any) -> dict[str, Any]:
    """Return an event that makes a handler ask Stripe, which nobody answers for on the web stack."""
    session = {"id": f"cs_test_{secrets.token_hex(8)}", "object": "checkout.session"}
    return event(type="checkout.session.completed", data={"object": session}, **fields)


def signature(body: bytes, secret: str, *, age: float = 0) -> str:
    """Return the header that Stripe would send with this body."""
    stamp = int(time.time() - age)
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"t={stamp},v1={signed.hexdigest()}"


def secret_of(web_stack: WebStack) -> str:
    """Return the first of the web stack's webhook secrets."""
    return web_stack.stack.env["STRIPE_WEBHOOK_SECRET"].split(",")[0]


def deliver(
    web_stack: WebStack,
    http_client: HttpClient,
    payload: Any,
    *,
    secret: str = "",
    age: float = 0,
    **kwargs: Any,
) -> requests.Response:
    """Post a payload (bytes as they are, all else as JSON) with a good signature."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    header = signature(body, secret or secret_of(web_stack), age=age)
    return post(http_client, body, header, **kwargs)


def post(
    http_client: HttpClient, body: bytes, header: str | None, **kwargs: Any
) -> requests.Response:
    """Post a body with this signature header, or none; `chunked` sends it without a length."""
    headers = {"Content-Type": "application/json", **kwargs.pop("headers", {})}
    if header is not None:
        headers["Stripe-Signature"] = header
    data = _pieces(body) if kwargs.pop("chunked", False) else body
    return http_client.ask("POST", PATH, data=data, headers=headers, **kwargs)


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


def jobs_of(event_id: str) -> int:
    """Return how many jobs the queue holds for an event."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE args->>'event_id' = %s", [event_id]
        )
        (count,) = cursor.fetchone() or (0,)
    return int(count)
