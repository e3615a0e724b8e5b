"""Many clients at once, each posting signed events over one connection that it keeps."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import multiprocessing
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

HOOK = "/api/billing/webhook/stripe/"


@dataclass(frozen=True, kw_only=True)
class Load:
    """What to post where: so many clients for so many seconds; `events` ends it earlier."""

    port: int
    path: str
    secret: str
    clients: int
    seconds: float
    events: int = 10**9


@dataclass(frozen=True)
class Answers:
    """How long each answer took in ms, how many were not 200, and how long it all took in s."""

    waits: list[float]
    refused: int
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds


def event() -> bytes:
    """Return an event of a type that is stored and ignored, of a usual size."""
    product = {"id": f"prod_{secrets.token_hex(8)}", "object": "product", "text": "x" * 1500}
    body = {
        "id": f"evt_{secrets.token_hex(12)}", "object": "event", "type": "product.created",
        "api_version": "2026-10-28.endive", "livemode": False, "created": int(time.time()),
        "data": {"object": product},
    }  # fmt: skip
    return json.dumps(body).encode()


def signed(body: bytes, secret: str) -> dict[str, str]:
    """Return the headers that Stripe would send."""
    stamp = int(time.time())
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp},v1={digest}", "Content-Type": "application/json"}


def post(load: Load) -> Answers:
    """Put the load on, from a process of its own so that the clients cost the server little."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_post, (load,))


def _post(load: Load) -> Answers:
    begun = time.monotonic()
    with ThreadPoolExecutor(load.clients) as clients:
        shares = list(clients.map(lambda _n: _one(load, begun), range(load.clients)))
    seconds = time.monotonic() - begun
    waits = [wait for share, _refused in shares for wait in share]
    return Answers(waits, sum(refused for _share, refused in shares), seconds)


def _one(load: Load, begun: float) -> tuple[list[float], int]:
    connection = http.client.HTTPConnection("127.0.0.1", load.port, timeout=30)
    waits: list[float] = []
    refused = 0
    while time.monotonic() - begun < load.seconds and len(waits) * load.clients < load.events:
        body = event()
        headers = signed(body, load.secret)
        started = time.perf_counter()
        connection.request("POST", load.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        waits.append(1000 * (time.perf_counter() - started))
        refused += answer.status != http.client.OK
    connection.close()
    return waits, refused
