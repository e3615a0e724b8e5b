"""Two at once about one subscription: the newer answer stays, and a change is recorded once."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from django.conf import settings
from django.db import connection
from django.test import override_settings

from billing import access, stripe_sync
from public_apps.tenants.models import AccessChange
from tests.billing.stripe_stack import StripeStack


class SlowLine(ThreadingHTTPServer):
    """A line to Stripe on which the first answer is read at once and arrives when we let it."""

    daemon_threads = True

    def __init__(self, stripe_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.stripe_url = stripe_url
        self.first_is_read = threading.Event()
        self.let_first_through = threading.Event()
        self._first = threading.Lock()

    @property
    def url(self) -> str:
        """Where the line begins."""
        return f"http://127.0.0.1:{self.server_port}"

    def hold_up(self) -> None:
        """Keep the first caller waiting, and nobody else."""
        if self._first.acquire(blocking=False):
            self.first_is_read.set()
            assert self.let_first_through.wait(timeout=8)


class _Forward(BaseHTTPRequestHandler):
    server: SlowLine

    def do_GET(self) -> None:
        headers = {"Authorization": self.headers["Authorization"]}
        answer = requests.get(f"{self.server.stripe_url}{self.path}", headers=headers, timeout=10)
        self.server.hold_up()
        self.send_response(answer.status_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def slow_line(stripe_stack: StripeStack) -> Iterator[SlowLine]:
    """Put the slow line between us and Stripe."""
    with SlowLine(stripe_stack.mock) as line:
        serving = threading.Thread(target=line.serve_forever, args=(0.05,))
        serving.start()
        try:
            with override_settings(STRIPE=dataclasses.replace(settings.STRIPE, api_base=line.url)):
                yield line
        finally:
            line.let_first_through.set()
            line.shutdown()
            serving.join()


def closing(act: Callable[[], object]) -> None:
    """Do something in a thread of its own, and leave no connection behind."""
    try:
        act()
    finally:
        connection.close()


def test_an_older_answer_that_arrives_late_does_not_overwrite_a_newer_one(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    subscription_id = eleni.subscription_id

    def follow() -> None:
        access.sync_subscription(subscription_id=subscription_id)

    with slow_line(stripe_stack) as line, ThreadPoolExecutor(max_workers=2) as workers:
        slow = workers.submit(closing, follow)
        assert line.first_is_read.wait(timeout=8)
        stripe_stack.control(f"subscriptions/{subscription_id}", {"status": "unpaid"})
        quick = workers.submit(closing, follow)
        wait([quick], timeout=1)  # it must not overtake; give it the time to try
        line.let_first_through.set()
        slow.result()
        quick.result()

    assert eleni.mirrored.status == "unpaid"
    assert eleni.tenant.status == "suspended"


def test_a_change_that_many_notice_at_once_is_recorded_once(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    tenant_id = eleni.tenant.pk
    stripe_stack.hold_deliveries()
    for status, count in (("unpaid", 1), ("active", 2)):
        eleni.move(status)
        stripe_sync.sync_subscription(subscription_id=eleni.subscription_id)
        ready = threading.Barrier(8)

        def notice(ready: threading.Barrier = ready) -> None:
            connection.ensure_connection()
            ready.wait()
            access.review(tenant_id=tenant_id, cause="one of many")

        with ThreadPoolExecutor(max_workers=8) as workers:
            for done in [workers.submit(closing, notice) for _worker in range(8)]:
                done.result()
        assert AccessChange.objects.filter(tenant_id=tenant_id).count() == count
