"""The API under /v1/: key, idempotency, faults, and the call itself, answered in Stripe's shapes."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from mock_stripe import (
    account,
    balances,
    billing_calls,
    catalogue,
    clock_calls,
    clocks,
    credit_notes,
    customers,
    discounts,
    endpoints,
    events,
    invoice_items,
    payments,
    portal,
    portal_configurations,
    refunds,
    schedules,
    sessions,
    subscriptions,
    taxes,
)
from mock_stripe.calls import Call, Handler
from mock_stripe.errors import ApiError
from mock_stripe.expansion import expanded
from mock_stripe.faults import Fault, Faults
from mock_stripe.forms import Params, Tree, parse
from mock_stripe.idempotency import KeysInUse, earlier_answer, keep_answer
from mock_stripe.ids import new_id
from mock_stripe.store import Change, Store
from mock_stripe.table import Document

_MODULES = (account, balances, billing_calls, catalogue, clock_calls, credit_notes, customers,
            discounts, endpoints, events, invoice_items, payments, portal, portal_configurations,
            refunds, schedules, sessions, subscriptions, taxes)  # fmt: skip
ROUTES: dict[str, Handler] = {}
_MAP = Map(strict_slashes=False)
for _module in _MODULES:
    for _method, _path, _handler in _module.ROUTES:
        ROUTES[f"{_method} {_path}"] = _handler
        _MAP.add(Rule(_path, methods=[_method], endpoint=f"{_method} {_path}"))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, read: which handler, what about, with which parameters and key."""

    handler: Handler
    ids: dict[str, str]
    tree: Tree
    expand: list[str]
    path: str
    reads: bool
    key: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back."""

    status: int
    body: str
    request_id: str
    replayed: bool = False
    drip_ms: int = 0

    def pieces(self) -> Iterator[str] | str:
        """Return the body; with a drip, one letter after the other."""
        return _dripping(self.body, self.drip_ms / 1000) if self.drip_ms else self.body


@dataclass(kw_only=True)
class Api:
    """Answers calls of the API."""

    store: Store
    public_url: str
    secret_key: str | None
    faults: Faults = field(default_factory=Faults)
    keys: KeysInUse = field(default_factory=KeysInUse)

    def respond(self, request: Request) -> Response:
        """Answer one request of a client."""
        request_id = new_id("req")
        try:
            answer = self._answer(request, request_id)
        except ApiError as error:
            answer = Answer(status=error.status, body=_error_body(error), request_id=request_id)
        except _HungUp:
            return Response()
        version = request.headers.get("Stripe-Version", events.API_VERSION)
        headers = {
            "Request-Id": answer.request_id,
            "Stripe-Version": version,
        }
        if request.headers.get("Idempotency-Key"):
            headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
        if answer.replayed:
            headers["Idempotent-Replayed"] = "true"
            headers["Original-Request"] = answer.request_id
        return Response(answer.pieces(), answer.status, headers, mimetype="application/json")

    def _answer(self, request: Request, request_id: str) -> Answer:
        self._check_key(request)
        asked = _asked(request)
        claim = self.keys.claim(asked.key) if asked.key else nullcontext()
        with claim:
            fault = self.faults.strike(request.method, request.path)
            if fault is None:
                return self._perform(asked, request_id)
            time.sleep(fault.delay_ms / 1000)
            if not fault.after:
                _suffer(fault, request)
            answer = self._perform(asked, request_id)
            if fault.after:
                # The work is done and only its answer is lost: what idempotency keys are for.
                _suffer(fault, request)
            return replace(answer, drip_ms=fault.drip_ms)

    def _perform(self, asked: Asked, request_id: str) -> Answer:
        with self.store.change(request_id=request_id, idempotency_key=asked.key) as change:
            earlier = asked.key and earlier_answer(change, asked.key, asked.fingerprint)
            if earlier:
                return Answer(
                    status=earlier["status"], body=earlier["body"], replayed=True,
                    request_id=earlier["request_id"],
                )  # fmt: skip
            status, body = self._run(change, asked)
            if asked.key:
                keep_answer(change, asked.key, asked.fingerprint, status, body)
        return Answer(status=status, body=body, request_id=request_id)

    def _run(self, change: Change, asked: Asked) -> tuple[int, str]:
        call = Call(
            change=change, params=Params(asked.tree), ids=asked.ids, url=asked.path,
            public_url=self.public_url,
        )  # fmt: skip
        try:
            with _customers_time(call, reads=asked.reads):
                document = expanded(change, asked.handler(call), asked.expand)
        except ApiError as error:
            if not error.kept:
                raise
            return error.status, _error_body(error)
        return 200, json.dumps(document, indent=2)

    def _check_key(self, request: Request) -> None:
        authorization = request.authorization
        key = None
        if authorization is not None:
            key = authorization.token if authorization.type == "bearer" else authorization.username
        if not key:
            raise ApiError(
                401,
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY').",
            )
        # Without a key of its own the mock takes any test key, but never a live one.
        known = key == self.secret_key if self.secret_key else key.startswith(_TEST_KEYS)
        if not known:
            raise ApiError(401, f"Invalid API Key provided: {key[:8]}****{key[-4:]}")


_PREVIEW = "/v1/invoices/create_preview"
# What billing keeps: it lives at its customer's time, unlike payments, cards and pages.
_BILLING = ("customers", "subscriptions", "subscription_items", "invoices", "invoiceitems",
            "credit_notes")  # fmt: skip
_NAMING = ("customer", "subscription", "invoice")


@contextmanager
def _customers_time(call: Call, *, reads: bool) -> Iterator[None]:
    """Let it be the time of whom a call is about; one who is on the way takes no changes (429)."""
    clock = _clock_of(call) if call.url.split("/")[2] in _BILLING else None
    if clock is None:
        yield
        return
    if not reads:
        clocks.refuse_while_advancing(clock)
    with call.change.at(clock["frozen_time"]):
        yield


def _clock_of(call: Call) -> Document | None:
    named = [call.params.text(name) for name in _NAMING if not call.params.is_nested(name)]
    ids = [*call.ids.values(), *filter(None, named)]
    if "subscription_items" in call.url and "id" in call.ids:
        ids.append(subscriptions.of_item(call.change, call.id)["id"])
    return clocks.clock_named(call.change, ids)


_TEST_KEYS = ("sk_test_", "rk_test_")


def _asked(request: Request) -> Asked:
    adapter = _MAP.bind("mock")
    try:
        endpoint, ids = adapter.match(request.path, method=request.method)
    except HTTPException as error:
        raise ApiError(
            404,
            f"Unrecognized request URL ({request.method}: {request.path}). If you are trying to "
            "list objects, remove the trailing slash. If you are trying to retrieve an object, "
            "make sure you passed a valid (non-empty) identifier in your code.",
        ) from error
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    tree = parse(pairs)
    expand = Params(tree).texts("expand")
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    return Asked(
        handler=ROUTES[endpoint],
        ids=dict(ids),
        tree=tree,
        expand=expand,
        path=request.path,
        reads=request.method == "GET" or request.path == _PREVIEW,
        key=key,
        fingerprint=json.dumps([request.path, sorted(pairs)]),
    )


def _dripping(body: str, seconds: float) -> Iterator[str]:
    for letter in body:
        time.sleep(seconds)
        yield letter


class _HungUp(Exception):
    """The connection is gone: there is nobody to answer."""


def _suffer(fault: Fault, request: Request) -> None:
    if fault.drop_connection:
        connection: socket.socket = request.environ["werkzeug.socket"]
        connection.shutdown(socket.SHUT_RDWR)
        raise _HungUp
    error = fault.error()
    if error is not None:
        raise error


def _error_body(error: ApiError) -> str:
    shown: dict[str, Any] = {"error": error.error}
    return json.dumps(shown, indent=2)
