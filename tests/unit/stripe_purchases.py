"""Buying at the mock Stripe inside of this process, and what Stripe's documents say afterwards.

Events lie in the mock until a test has our handlers follow them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import override_settings

from billing import handlers, plans, stripe_sync
from billing.models import Customer, StripeEvent
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import URL, Document, Refused, StripeInside, bare_stripe

__all__ = ["AUTOMATIC", "Document", "Stripe", "bare_stripe", "stripe"]


class Stripe:
    """Stripe's side, for a test: its API, its controls, and what happened there."""

    def __init__(self, inside: StripeInside) -> None:
        self._inside = inside
        self.get, self.post, self.delete = inside.get, inside.post, inside.delete
        self.control = inside.control
        self._handled = 0

    def refused(self, path: str, **params: Any) -> Document:
        """Ask for what is refused, and return the error."""
        with pytest.raises(Refused) as refusal:
            self.post(path, **params)
        return refusal.value.error

    def page(self, path: str, form: dict[str, str] | None = None) -> requests.Response:
        """Open one of the pages that a buyer sees, or send its form."""
        method, url = ("POST" if form else "GET"), f"{URL}{path}"
        return self._inside.answer(requests.Request(method, url, data=form).prepare())

    def events(self) -> list[Document]:
        """Return all that happened, oldest first."""
        with self._inside.store.change() as change:
            return change.find("event")[::-1]

    def handle_events(self, *, but: tuple[str, ...] = ("checkout.",)) -> list[str]:
        """Have our handlers follow what happened since; return what became of each."""
        outcomes = []
        fresh = self.events()[self._handled :]
        self._handled += len(fresh)
        for event in fresh:
            if not event["type"].startswith(but):
                row = StripeEvent(id=event["id"], type=event["type"], payload=event)
                outcomes.append(f"{event['type']}: {handlers.handle(row)}")
        return outcomes

    def pay(self, session: Document, **typed: str) -> Document:
        """Pay at a session's page, typing this, and return the session."""
        wanted = {"outcome": "paid", **typed}
        return self.control(f"sessions/{session['id']}/complete", wanted)

    def buy(self, price: str, tenant: Tenant, *, paid_by: str = "", **wishes: str) -> Document:
        """Let a tenant subscribe to a price at a page of ours, and return the session."""
        who = {"customer": paid_by} if paid_by else {"customer_email": "eleni@unit.example"}
        typed = {name: wishes.pop(name) for name in ("name", "country", "tax_id") if name in wishes}
        session = self.post(
            "checkout/sessions",
            **{
                "mode": "subscription", "success_url": "http://shop.test/", **who, **wishes,
                "line_items[0][price]": price, "line_items[0][quantity]": "1",
            },
        )  # fmt: skip
        done = self.pay(session, **typed)
        Customer.objects.get_or_create(pk=done["customer"], defaults={"tenant": tenant})
        stripe_sync.link_customer(customer_id=done["customer"], tenant=tenant)
        self.handle_events()
        return done


AUTOMATIC = {
    "automatic_tax[enabled]": "true",
    "billing_address_collection": "required",
    "tax_id_collection[enabled]": "true",
}


@pytest.fixture
def stripe(bare_stripe: StripeInside, db: None) -> Iterator[Stripe]:
    """Stripe in this process, with our plans and prices."""
    with override_settings(STRIPE=dataclasses.replace(settings.STRIPE, mode="mock")):
        plans.push()
        yield Stripe(bare_stripe)
