"""Who is answered what by the public API: each operation of its document, asked by everybody."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_django import Settings

from public_apps.accounts.api_keys import actions as api_keys
from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import in_public, inside
from public_apps.tenants.models import Tenant
from tests.tenant_api.operations import Operation, described
from tests.unit.in_process import InProcess
from tests.unit.matrices import Cells, Matrix, is_asked
from tests.unit.stripe_inside import StripeInside, bare_stripe, stripe_inside
from tests.unit.undoing import unchanged, undone
from tests.unit.visitors import HOST, visitor

__all__ = ["bare_stripe", "stripe_inside"]
TABLE = Path(__file__).with_name("matrix.txt")
SECRET = "a-secret-of-the-frontend-and-of-nobody-else"
ORDER = {
    "organization": "Elm Court", "subdomain": "elm-court", "email": "eleni@elm.example",
    "first_name": "Eleni", "last_name": "Papadaki", "plan": "starter", "interval": "month",
}  # fmt: skip
OTHER = {**ORDER, "subdomain": "oak-court", "email": "nikos@oak.example"}
BODIES = {"billing_checkout": OTHER, "billing_signup_change": {"organization": "Elm House"}}


def operations() -> list[Operation]:
    """Return every operation of the public document."""
    from django.conf import settings

    text = (settings.BASE_DIR / "docs/openapi/public.yaml").read_text(encoding="utf-8")
    return [*described(yaml.load(text, yaml.CSafeLoader)["paths"])]


def callers(tenant: Tenant) -> dict[str, dict[str, str]]:
    """Return with which headers each of them asks."""
    with inside(tenant.schema_name):
        owner = visitor(Role.OWNER)
        person = User.objects.get(role=Role.OWNER, email__startswith="owner@")
        _row, key = api_keys.make(user=person, name="meter", role=Role.OWNER)
    token = str(owner.session.session_key)
    with in_public():
        anna = User.objects.create_user("anna@ours.example", is_staff=True, is_superuser=True)
        desk = _signed_in(anna)
    return {
        "nobody": {},
        "frontend": {"X-Frontend-Secret": SECRET, "X-Visitor-Address": "203.0.113.7"},
        "wrong-secret": {"X-Frontend-Secret": "none", "X-Visitor-Address": "203.0.113.7"},
        "token": {"Authorization": f"Bearer {token}"},
        "key": {"Authorization": f"Bearer {key}"},
        "staff": {"Cookie": f"sessionid={desk}"},
        "tenant-host": {"host": HOST},
    }


def _signed_in(user: User) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return str(client.session.session_key)


@pytest.fixture
def answers(stripe_inside: StripeInside, tenant: Tenant, settings: Settings) -> Cells:
    """What each of them was answered, about somebody's sign-up that waits for its payment."""
    settings.FRONTEND_SECRETS = (SECRET,)
    http = InProcess()
    started = http.ask("POST", "/api/billing/checkout/", json=ORDER).json()
    rows = {"session_id": started["session_id"], "signup_id": started["signup_id"], "label": "elm"}
    found: Cells = defaultdict(dict)
    for name, headers in callers(tenant).items():
        for operation in operations() if is_asked(name) else ():
            with undone(), unchanged(stripe_inside.store):
                body: dict[str, Any] = {}
                if operation.has_body or operation.method == "POST":
                    body = {"json": BODIES.get(operation.name, {})}
                path = operation.route.format(**rows)
                answer = http.ask(operation.method, path, **{**body, **_sent(headers)})
            found[operation.name][name] = str(answer.status_code)
    return found


def _sent(headers: dict[str, str]) -> dict[str, Any]:
    rest = {name: value for name, value in headers.items() if name != "host"}
    return {"headers": rest, **({"host": headers["host"]} if "host" in headers else {})}


def test_everybody_is_answered_as_the_table_says(answers: Cells) -> None:
    Matrix.read(TABLE).check(answers)
