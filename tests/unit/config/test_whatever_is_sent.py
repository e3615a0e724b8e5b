"""Whatever anybody sends to any operation or form, nothing of ours breaks over it."""

from __future__ import annotations

import os
import secrets
import traceback
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import caches
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from django.test.client import ClientHandler

from public_apps.accounts.models import Role, User
from public_apps.core import storable_text
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from tests.unit.fuzzing import Asked, Fuzz, Operation, of_document, of_pages
from tests.unit.stripe_inside import PASSWORD, StripeInside, bare_stripe, stripe_inside
from tests.unit.visitors import HOST, visitor

__all__ = ["bare_stripe", "stripe_inside"]
TIMES = int(os.environ.get("FUZZ", "300"))
PUBLIC = settings.TENANT_BASE_DOMAIN
# Stripe or DNS do not answer in this ring, and that is what is said.
UPSTREAM = {502, 503}
BUILDING = {"name": "Elm", "address": "Elaion 5"}


class Handler(ClientHandler):
    """Answers as config.wsgi does."""

    def __call__(self, environ: dict[str, Any]) -> Any:
        storable_text.disarm(environ)
        return super().__call__(environ)


@pytest.fixture
def broken() -> Iterator[list[str]]:
    """What broke, each with the end of its traceback."""
    seen: list[str] = []

    def note(**_event: Any) -> None:
        seen.append(traceback.format_exc()[-1500:])

    got_request_exception.connect(note)
    yield seen
    got_request_exception.disconnect(note)


def _owner() -> Client:
    """Return the browser of an owner who has chosen a password, as all who sign in have."""
    client = visitor(Role.OWNER)
    person = User.objects.get(role=Role.OWNER)
    person.password = make_password(PASSWORD)
    person.save(update_fields=["password"])
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    client.defaults["HTTP_X_SESSION_TOKEN"] = str(client.session.session_key)
    return client


def _operations(owner: Client) -> list[tuple[Operation, Client]]:
    stranger = Client()
    stranger.handler = owner.handler = Handler(enforce_csrf_checks=False)
    found: list[tuple[Operation, Client]] = []
    for client in (stranger, owner):
        found += [(each, client) for each in of_document(client, HOST)]
        found += [(each, client) for each in of_pages(client, HOST, "config.urls_tenant")]
    found += [(each, stranger) for each in of_document(stranger, PUBLIC)]
    found += [(each, stranger) for each in of_pages(stranger, PUBLIC, "config.urls_public")]
    return found


def _ids(owner: Client) -> dict[str, list[int]]:
    owner.post("/api/buildings/", BUILDING, "application/json")
    rows = {}
    for resource in ("buildings", "apartments", "members", "votes", "requests"):
        listed = owner.get(f"/api/{resource}/").json().get("results", [])
        rows[resource] = [row["id"] for row in listed]
    return rows


def _answer(client: Client, asked: Asked) -> Any:
    """Send it from an address that nobody has seen, and undo what it did."""
    client.raise_request_exception = False
    client.defaults["REMOTE_ADDR"] = ".".join(str(1 + secrets.randbelow(250)) for _ in range(4))
    cookies = SimpleCookie(client.cookies)
    with transaction.atomic():
        answer = asked.send(client)
        if getattr(answer, "streaming", False):
            answer.close()
        transaction.set_rollback(True)
    client.cookies = cookies
    caches["process"].clear()
    return answer


@pytest.mark.timeout(600 + TIMES // 20)
@pytest.mark.filterwarnings("ignore:UnfoldAdminPasswordInput")
def test_no_operation_and_no_form_breaks(
    tenant: Tenant, stripe_inside: StripeInside, broken: list[str]
) -> None:
    owner = _owner()
    operations = _operations(owner)
    assert len(operations) > 400
    fuzz = Fuzz(os.environ.get("FUZZ_SEED", "1"), _ids(owner))
    faults: dict[str, str] = {}
    with in_public():
        for number in range(TIMES):
            operation, client = operations[fuzz.chance.randrange(len(operations))]
            asked = fuzz.ask(operation)
            broken.clear()
            answer = _answer(client, asked)
            if answer.status_code >= 500 and answer.status_code not in UPSTREAM:
                place = f"{operation.method} {operation.route}"
                faults.setdefault(place, f"{number}: {asked}\n{''.join(broken)}")
    assert not faults, "\n\n".join(faults.values())
