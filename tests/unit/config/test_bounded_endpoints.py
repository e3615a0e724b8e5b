"""What anybody may ask for, and costs something, is worked out once, or counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator

from config import urls_docs
from public_apps.monitoring import health
from public_apps.tenants.custom_domains.tls_check import OfAsker
from public_apps.tenants.models import Tenant
from tests.unit.visitors import HOST

PUBLIC = settings.TENANT_BASE_DOMAIN


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Count how often a document is made, and let it be made."""
    made: list[object] = []
    real = SchemaGenerator.get_schema

    def get_schema(self: SchemaGenerator, **how: object) -> object:
        made.append(self)
        return real(self, **how)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SchemaGenerator, "get_schema", get_schema)
    monkeypatch.setattr(urls_docs, "_made", {})
    yield lambda: len(made)


def test_a_document_is_made_once_for_each_host_language_and_format(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counted(monkeypatch) as made:
        for _ in range(3):
            for host in (PUBLIC, HOST):
                for query in ("format=json", "format=json&lang=el", "format=json&version=2"):
                    answer = Client().get(f"/api/schema/?{query}", headers={"host": host})
                    assert answer.status_code == 200
                    assert answer.json()["info"]["version"] == "1.0.0"
        assert made() == 4
        for number in range(5):
            Client().get(f"/api/schema/?format=json&lang=a{number}", headers={"host": PUBLIC})
        assert made() == 4


def test_a_document_is_what_it_was(tenant: Tenant) -> None:
    for query, kind in (("format=json", "json"), ("", "vnd.oai.openapi")):
        answer = Client().get(f"/api/schema/?{query}", headers={"host": HOST})
        assert kind in answer["Content-Type"]
        assert "New Concierge" in answer["Content-Disposition"]
        assert answer["Cache-Control"] in {"max-age=60, public", "public, max-age=60"}
        assert answer["ETag"]


def test_readiness_is_looked_at_once_a_second(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_seen", (0.0, {}))
    monkeypatch.setattr(health, "FRESH_SECONDS", 60.0)
    with CaptureQueriesContext(connection) as first:
        told = Client().get("/readyz").json()
    with CaptureQueriesContext(connection) as more:
        assert [Client().get("/readyz").json() for _ in range(5)] == [told] * 5
    assert len(first)
    assert not len(more)


def test_a_strangers_questions_for_certificates_are_counted(tenant: Tenant) -> None:
    caches["process"].clear()
    client = Client(REMOTE_ADDR="203.0.113.9")
    most = OfAsker().num_requests
    for _ in range(most):
        assert client.get("/tls-check", {"domain": HOST}).status_code == 200
    refused = client.get("/tls-check", {"domain": HOST})
    assert refused.status_code == 429
    assert refused["Retry-After"]
    other = Client(REMOTE_ADDR="203.0.113.10")
    assert other.get("/tls-check", {"domain": "evil.example"}).status_code == 404
    caches["process"].clear()
