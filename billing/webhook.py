"""Stripe's door: verify, store, enqueue, 200. Nothing else happens in the request."""

from __future__ import annotations

import json
import math
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from billing import gateway, inbox, webhook_stats
from public_apps.core import request_bodies
from public_apps.core.errors import json_problem, problem
from public_apps.monitoring import counters

log = structlog.get_logger(__name__)
KIND = re.compile(r"[a-z0-9_.]{1,80}")
# What Stripe signed. Whatever else comes to this door is anybody's, and raises no alarm.
SIGNED: dict[int, str] = {
    HTTPStatus.OK: "stored",
    HTTPStatus.BAD_REQUEST: "refused",
    HTTPStatus.INTERNAL_SERVER_ERROR: "error",
}
UNSIGNED: dict[int, str] = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.SERVICE_UNAVAILABLE: "manual_mode",
}
for _result in (*SIGNED.values(), *UNSIGNED.values(), "unsigned"):
    counters.WEBHOOK_ANSWERS.begin_at_zero("", _result)


class BadEvent(Exception):
    """A body that is no event; the message says what is wrong."""


@dataclass
class Delivery:
    """A request at this door, and whether somebody with our secret has signed it."""

    request: HttpRequest
    signed: bool = False


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """Take one delivery. 200 means that the event is stored for good."""
    if request.method != "POST":
        return JsonResponse({"endpoint": "stripe webhook", "status": "ok"})
    began, delivery = time.perf_counter(), Delivery(request)
    status = int(HTTPStatus.INTERNAL_SERVER_ERROR)  # unless we come to an answer
    try:
        response = _answer(delivery)
        status = response.status_code
    finally:
        _count(delivery, status, time.perf_counter() - began)
    return response


def _answer(delivery: Delivery) -> HttpResponse:
    request = delivery.request
    if settings.STRIPE.mode == "manual":
        return _refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Manual mode: keep the event and try later.")
    try:
        with request_bodies.read_body(request) as kept:
            body = kept.read()
    except (request_bodies.BodyTooLarge, request_bodies.BodyMalformed) as refusal:
        return _refuse(refusal.status, refusal.detail)
    try:
        gateway.verify_signature(body=body, header=request.headers.get("Stripe-Signature", ""))
        delivery.signed = True
        event = parse(body)
    except (gateway.BadSignature, BadEvent) as error:
        return _refuse(HTTPStatus.BAD_REQUEST, str(error))
    return _take(event)


def _take(event: dict[str, Any]) -> HttpResponse:
    # For every log line of this request, and for the count of its type.
    structlog.contextvars.bind_contextvars(event_id=event["id"], event_type=event["type"])
    try:
        duplicate = not inbox.receive(event)
    except DatabaseError:
        log.exception("event could not be stored")
        return _refuse(
            HTTPStatus.INTERNAL_SERVER_ERROR, "The event could not be stored; send it again."
        )
    return JsonResponse({"received": True, "event": event["id"], "duplicate": duplicate})


def parse(body: bytes) -> dict[str, Any]:
    """Return the event in a body whose signature is good, or raise `BadEvent`.

    A signed body may still be anything: bad JSON, a list, null, a thin event without its object.
    """
    try:
        text = body.decode("utf-8")
        event = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        if "\\u" in text:  # only an escape can bring in what PostgreSQL refuses
            event = _storable(event)
    except (ValueError, RecursionError) as error:
        raise BadEvent("The body is not valid JSON.") from error
    if not isinstance(event, dict) or event.get("object") != "event":
        raise BadEvent("The body is not a Stripe event.")
    for name, longest in (("id", 255), ("type", 120)):
        value = event.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise BadEvent(f"The event's {name} is missing or not a short string.")
    if not isinstance(event.get("livemode"), bool):
        raise BadEvent("The event's livemode is missing.")
    data = event.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("object"), dict):
        raise BadEvent("The event's data.object is missing: thin events are not taken here.")
    return event


def _storable(value: Any) -> Any:
    """Return the value without what PostgreSQL can't keep: NUL characters and half surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_storable(inner) for inner in value]
    return value


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is out of range")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refuse(status: HTTPStatus, detail: str) -> HttpResponse:
    log.warning("webhook refused", status=int(status), detail=detail)
    return json_problem(problem(status, detail))


def _count(delivery: Delivery, status: int, seconds: float) -> None:
    kind = str(structlog.contextvars.get_contextvars().get("event_type", ""))
    result = SIGNED.get(status, "error") if delivery.signed else UNSIGNED.get(status, "unsigned")
    counters.WEBHOOK_ANSWERS.add(kind if KIND.fullmatch(kind) else "", result)
    counters.WEBHOOK_TIME.observe(seconds, result)
    if delivery.signed:
        webhook_stats.answered(status=status, seconds=seconds)
    elif result == "unsigned" and "Stripe-Signature" in delivery.request.headers:
        webhook_stats.refused()
