"""The controls under /_control/: a test's hand on the buyer, the bank, the clock and the network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from mock_stripe import clocks, events, refunds, transitions
from mock_stripe.bodies import Body
from mock_stripe.completion import TYPED, Typed, complete
from mock_stripe.errors import ApiError
from mock_stripe.expansion import present
from mock_stripe.faults import Fault, Faults
from mock_stripe.happenings import happen
from mock_stripe.lifecycle import Lifecycle
from mock_stripe.store import Change, Store
from mock_stripe.table import FACETS, Document

_MOST_COPIES = 100
_LAST_SECOND = 2**32
_WORD = re.compile(r"[a-z_]{2,40}")


@dataclass(kw_only=True)
class Control:
    """Answers the controls. They need no key: only this machine reaches them."""

    store: Store
    lifecycle: Lifecycle
    faults: Faults

    def respond(self, request: Request) -> Response:
        """Answer one control; errors are JSON, too."""
        try:
            handler, ids = self._matched(request)
            found: Any = handler(Body(request), **ids)
            status = 200
        except ApiError as error:
            found, status = {"error": error.error}, error.status
        return Response(json.dumps(found, indent=2), status, mimetype="application/json")

    def _matched(self, request: Request) -> tuple[Callable[..., Any], dict[str, str]]:
        try:
            name, ids = _MAP.bind("mock").match(request.path, method=request.method)
        except HTTPException as error:
            known = ", ".join(f"{method} {path}" for method, path, _name in _CONTROLS)
            raise ApiError(
                error.code or 404,
                f"No such control: {request.method} {request.path}. There are: {known}",
            ) from error
        handler: Callable[..., Any] = getattr(self, name)
        return handler, dict(ids)

    def ready(self, _body: Body) -> Document:
        """Say that the mock serves, and how many deliveries are still to be made."""
        with self.store.change() as change:
            pending = sum(1 for _id in change.walk("_delivery", {"state": {"pending"}}))
            return {"ready": True, "pending_deliveries": pending, "now": change.now}

    def reset(self, body: Body) -> Document:
        """Forget all that has happened: prices, customers, events, faults.

        Endpoints, the account, its clock, and what is switched on of its portal stay.
        """
        body.only()
        self.faults.clear()
        with self.store.change() as change:
            kept = [change.get("_setting", name) for name in ("account", "clock")]
            change.remove_all(but={"webhook_endpoint", "billing_portal.configuration"})
            for setting in filter(None, kept):
                change.put(setting)
        return {"reset": True}

    def complete_session(self, body: Body, object_id: str) -> Document:
        """Bring a checkout session to an outcome; what a buyer types on its page may be given."""
        body.only("outcome", *TYPED)
        outcome = body.text("outcome")
        typed = Typed(**{name: body.optional_text(name) or "" for name in TYPED})
        error: ApiError | None = None
        with self.store.change() as change:
            try:
                session = complete(change, object_id, outcome, typed)
            except ApiError as refused:
                if not refused.kept:
                    raise
                error = refused
        if error is not None:
            raise error
        return present(session)

    def move_subscription(self, body: Body, object_id: str) -> Document:
        """Move a subscription to a status; one that Stripe may invent needs `"unknown": true`."""
        body.only("status", "unknown")
        status = body.text("status")
        if status not in transitions.STATUSES and not body.boolean("unknown"):
            known = ", ".join(transitions.STATUSES)
            raise ApiError(
                400,
                f"status must be one of {known}; not {status!r} (a status that Stripe does not "
                'have yet can be sent with "unknown": true)',
                param="status",
            )
        if not _WORD.fullmatch(status):
            raise ApiError(400, f"{status!r} is not a word such as a status is.", param="status")
        with self.store.change() as change:
            subscription = change.fetch("subscription", object_id)
            with clocks.living_with(change, subscription["customer"]):
                return present(transitions.move(change, subscription, status))

    def simulate(self, body: Body, object_id: str) -> Document:
        """Let something happen to a subscription, by the name of the front page's button."""
        body.only("what")
        what = body.text("what")
        with self.store.change() as change:
            subscription = change.fetch("subscription", object_id)
            with clocks.living_with(change, subscription["customer"]):
                happen(change, subscription, what)
        with self.store.change() as change:
            return present(change.fetch("subscription", object_id))

    def set_delivery(self, body: Body) -> Document:
        """Set how events that happen from now on are delivered; what is not given is as usual."""
        body.only(*events.DELIVERY_DEFAULTS)
        settings = {
            "copies": body.integer("copies", 1, least=1, most=_MOST_COPIES),
            "shuffle": body.boolean("shuffle"),
            "delay_ms": body.integer("delay_ms", 0, least=0, most=600_000),
            "drop": body.drop(),
        }
        with self.store.change() as change:
            change.put(settings | {"object": "_setting", "id": "delivery"})
        return settings

    def deliveries(self, body: Body) -> list[Document]:
        """List every attempt, oldest first; narrowed by `event_id`, `type`, `object_id`."""
        where = {name: {body.query[name]} for name in FACETS["_attempt"] if name in body.query}
        with self.store.change() as change:
            newest_first = change.walk("_attempt", where)
            found = [change.fetch("_attempt", attempt) for attempt in newest_first]
        return [_without(attempt, "object", "id") for attempt in reversed(found)]

    def emit_event(self, body: Body) -> Document:
        """Emit an event of any type about any object, in any API version."""
        body.only("type", "object", "object_id", "api_version", "livemode", "id", "created",
                  "previous_attributes")  # fmt: skip
        event_type = body.text("type")
        with self.store.change() as change:
            document = _about(change, body)
            fields: Document = {
                name: body.optional_text(name) for name in body.given("api_version", "id")
            }
            if body.given("livemode"):
                fields["livemode"] = body.boolean("livemode")
            if body.given("created"):
                fields["created"] = body.integer("created", 0, least=0, most=_LAST_SECOND)
            event = events.made_up(change, event_type, document, **fields)
            event["data"] |= body.given("previous_attributes")
            if change.get("event", str(event["id"])) is not None:
                raise ApiError(409, f"There is an event {event['id']} already.", param="id")
            return events.record(change, event)

    def resend_event(self, body: Body, object_id: str) -> Document:
        """Deliver an event once more to every endpoint, also one that was dropped or given up."""
        body.only()
        with self.store.change() as change:
            event = change.fetch("event", object_id)
            for delivery in change.find("_delivery", event=object_id):
                if delivery["state"] in {"dropped", "failed"}:
                    change.remove("_delivery", delivery["id"])
            for endpoint in change.find("webhook_endpoint", status="enabled"):
                if {"*", event["type"]} & set(endpoint["enabled_events"]):
                    events.deliver(change, event, endpoint["id"])
            return events.as_delivered(change, event)

    def add_fault(self, body: Body) -> Document:
        """Have calls of the API fail, be slow, drip their answers, or be hung up on."""
        body.only(
            "status", "delay_ms", "drip_ms", "count", "path", "method", "drop_connection", "after"
        )
        status = body.integer("status", 0, least=400, most=599)
        fault = Fault(
            path=body.optional_text("path") or "/v1/",
            method=body.optional_text("method"),
            status=status or None,
            delay_ms=body.integer("delay_ms", 0, least=0, most=600_000),
            drip_ms=body.integer("drip_ms", 0, least=0, most=60_000),
            drop_connection=body.boolean("drop_connection"),
            after=body.boolean("after"),
            count=body.integer("count", 0, least=1, most=1_000_000) or None,
        )
        if not (fault.status or fault.delay_ms or fault.drip_ms or fault.drop_connection):
            raise ApiError(400, "A fault needs a status, a delay_ms, a drip_ms or drop_connection.")
        self.faults.add(fault)
        return asdict(fault)

    def list_faults(self, _body: Body) -> list[Document]:
        """List the faults that are set."""
        return [asdict(fault) for fault in self.faults.listed()]

    def clear_faults(self, _body: Body) -> list[Document]:
        """Have the API work again."""
        self.faults.clear()
        return []

    def dispute_charge(self, body: Body, object_id: str) -> Document:
        """Open a dispute about a charge, or end the open one with `"status": "won" | "lost"`."""
        body.only("reason", "status")
        status = body.optional_text("status")
        if status not in {None, "won", "lost"}:
            raise ApiError(400, f"status must be won or lost; not {status!r}", param="status")
        with self.store.change() as change:
            charge = change.fetch("charge", object_id)
            if status is None:
                reason = body.optional_text("reason") or "fraudulent"
                return refunds.open_dispute(change, charge, reason=reason)
            disputes = change.find("dispute", charge=object_id)
            if not disputes:
                raise ApiError(409, f"There is no dispute about {object_id}.")
            return refunds.close_dispute(change, disputes[0], status=status)

    def advance_clock(self, body: Body) -> Document:
        """Put the mock's clock forward, for good: what becomes due by that happens."""
        body.only("advance")
        seconds = body.integer("advance", 0, least=1, most=400 * 86_400)
        return {"now": self.lifecycle.put_clock_forward(seconds)}


def _about(change: Change, body: Body) -> Document:
    document = body.mapping("object")
    if document is not None:
        return document
    object_id = body.text("object_id")
    for kind in FACETS:
        found = change.get(kind, object_id) if not kind.startswith("_") else None
        if found is not None:
            return found
    raise ApiError(404, f"No object has the id {object_id!r}.", param="object_id")


def _without(document: Document, *names: str) -> Document:
    return {name: value for name, value in document.items() if name not in names}


_CONTROLS = (
    ("GET", "/_control/ready", "ready"),
    ("POST", "/_control/reset", "reset"),
    ("POST", "/_control/sessions/<object_id>/complete", "complete_session"),
    ("POST", "/_control/subscriptions/<object_id>", "move_subscription"),
    ("POST", "/_control/subscriptions/<object_id>/simulate", "simulate"),
    ("POST", "/_control/charges/<object_id>/dispute", "dispute_charge"),
    ("POST", "/_control/delivery", "set_delivery"),
    ("GET", "/_control/deliveries", "deliveries"),
    ("POST", "/_control/events", "emit_event"),
    ("POST", "/_control/events/<object_id>/resend", "resend_event"),
    ("POST", "/_control/faults", "add_fault"),
    ("GET", "/_control/faults", "list_faults"),
    ("DELETE", "/_control/faults", "clear_faults"),
    ("POST", "/_control/clock", "advance_clock"),
)
_MAP = Map(
    [Rule(path, methods=[method], endpoint=name) for method, path, name in _CONTROLS],
    strict_slashes=False,
)
