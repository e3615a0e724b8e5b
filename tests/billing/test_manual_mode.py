"""In manual mode nobody can buy, fake or open anything from outside."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from billing import gateway, manual_mode
from billing.models import Lead, StripeEvent
from devstack import environment, ports, processes, services
from public_apps.core import errors
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant
from tests.billing.by_hand import ANNA, opened
from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import HttpClient, WebStack, as_built


@pytest.fixture
def manual_door(web_stack: WebStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A client at a production-like web server in manual mode, on the same database."""
    stack, port = web_stack.stack, ports.free()
    environ = {
        **stack.env,
        **environment.production_like(),
        "DATABASE_URL": stack.database_url,
        "STRIPE_MOCK_MODE": "True",
        "STRIPE_API_BASE": "",
        "STRIPE_WEBHOOK_SECRET": os.environ["STRIPE_WEBHOOK_SECRET"],
        "TENANT_BASE_DOMAIN": stack.base_domain,
        "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SITE_URL": f"http://localhost:{port}",
        "PORT": str(port),
        "STATIC_ROOT": as_built(tmp_path),
        "WEB_CONCURRENCY": "1",
    }
    running = processes.launch(
        services.web(port=port, environ=environ), logs=stack.logs, watchdog=stack.watchdog
    )
    try:
        processes.wait_until_ready(running)
        yield HttpClient(port)
    finally:
        processes.stop(running, watchdog=stack.watchdog)


def test_in_manual_mode_the_public_can_start_nothing(
    stripe_stack: StripeStack, manual_door: HttpClient
) -> None:
    order = stripe_stack.order()
    tenants = Tenant.objects.filter(claimed_at__isnull=False).count()
    secure = {"X-Forwarded-Proto": "https"}

    bought = manual_door.ask(
        "POST", "/api/billing/checkout/", json=dataclasses.asdict(order), headers=secure
    )
    assert bought.status_code == 503
    assert bought.headers["Content-Type"] == "application/problem+json"
    lead = Lead.objects.get(email=order.email)
    assert lead.signup is None

    payload = '{"id": "evt_manual", "object": "event", "type": "invoice.paid"}'
    header = signed(payload)
    told = manual_door.ask(
        "POST", "/api/billing/webhook/stripe/", data=payload,
        headers={**secure, "Stripe-Signature": header},
    )  # fmt: skip
    assert told.status_code == 503
    assert not StripeEvent.objects.filter(pk="evt_manual").exists()
    config = manual_door.ask("GET", "/api/billing/config/", headers=secure)
    assert config.json()["mode"] == "manual"

    for path in (
        "/admin/tenants/tenant/open/", f"/admin/billing/lead/{lead.pk}/open/",
        "/admin/tenants/tenant/1/record-payment/",
    ):  # fmt: skip
        for method in ("GET", "POST"):
            answer = manual_door.ask(method, path, headers=secure)
            assert answer.status_code in {302, 403}, path
    assert Tenant.objects.filter(claimed_at__isnull=False).count() == tenants
    assert not Signup.objects.filter(email=order.email).exists()


def signed(payload: str) -> str:
    """Return a good signature."""
    import stripe

    secret = os.environ["STRIPE_WEBHOOK_SECRET"].partition(",")[0]
    header: str = stripe.WebhookSignature.generate_signature_header(payload, secret)
    return header


def test_a_customer_cannot_be_linked_while_stripe_is_out_of_the_way(
    stripe_stack: StripeStack,
) -> None:
    tenant = opened(stripe_stack)
    with (
        override_settings(STRIPE=dataclasses.replace(settings.STRIPE, mode="manual")),
        pytest.raises(errors.Closed),
    ):
        manual_mode.link_customer(tenant=tenant, customer_id="cus_any", by=ANNA)
    with pytest.raises(gateway.Gone):
        gateway.customer("cus_any")
