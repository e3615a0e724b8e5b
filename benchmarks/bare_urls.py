"""An empty view, and the least that takes a webhook: verify and INSERT."""

from __future__ import annotations

import json

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from billing import gateway

INSERT = "INSERT INTO bench_event (id, payload) VALUES (%s, %s) ON CONFLICT DO NOTHING"


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """Do nothing."""
    return HttpResponse(b"ok")


@csrf_exempt
def take(request: HttpRequest) -> HttpResponse:
    """Verify the signature and store the event."""
    header = request.headers.get("Stripe-Signature", "")
    gateway.verify_signature(body=request.body, header=header)
    event = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [event["id"], json.dumps(event)])
    return HttpResponse(b"ok")


urlpatterns = [
    path("healthz", empty),
    path("empty/", empty),
    path("api/billing/webhook/stripe/", take),
]
