"""/api/domains/ and /api/subdomain/: what owners do about their addresses, and nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from public_apps.accounts.models import Role, User
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from public_apps.tenants import domains
from tests.core.web_stack import (
    PASSWORD,
    HttpClient,
    WebStack,
    Workspace,
    another_web,
    create_workspace,
)
from tests.domains.moving import new_host
from tests.domains.name_server import NameServer


class Owner:
    """Somebody who is signed in at a web server that asks the test's DNS."""

    def __init__(self, http_client: HttpClient, workspace: Workspace) -> None:
        self.http_client = http_client
        self.workspace = workspace
        self.token = http_client.token(workspace)

    def ask(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the API."""
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        return self.http_client.ask(
            method, path, host=self.workspace.host, headers=headers, **kwargs
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tmp_path_factory.mktemp("web")


@pytest.fixture
def eleni(web_stack: WebStack, zone: NameServer, folder: Any) -> Iterator[Owner]:
    """An owner with a workspace of her own."""
    with another_web(
        web_stack, folder / secrets.token_hex(4), DNS_RESOLVERS=zone.address
    ) as http_client:
        yield Owner(http_client, create_workspace())


def test_an_owner_adds_proves_and_prefers_a_domain_then_changes_her_mind(
    eleni: Owner, zone: NameServer
) -> None:
    host = new_host()
    key = {"Idempotency-Key": secrets.token_hex(8)}
    added = eleni.ask("POST", "/api/domains/", json={"host": host.upper()}, headers=key)
    again = eleni.ask("POST", "/api/domains/", json={"host": host.upper()}, headers=key)
    assert (added.status_code, again.json()) == (201, added.json())
    path = f"/api/domains/{added.json()['id']}/"
    assert eleni.ask("POST", f"{path}make-primary/").status_code == 409
    for record in added.json()["records"]:
        zone.set(record["name"], record["type"], record["value"])
    verified = eleni.ask("POST", f"{path}verify/").json()
    assert verified["verified_at"], verified
    shown = eleni.ask("POST", f"{path}make-primary/").json()
    assert [each["is_primary"] for each in shown["own"]] == [True]
    assert shown == eleni.ask("GET", "/api/domains/").json()
    back = eleni.ask("POST", "/api/subdomain/make-primary/").json()
    assert back["subdomain_is_primary"]
    assert eleni.ask("DELETE", path).status_code == 204
    assert eleni.ask("GET", path).status_code == 404
    with inside(eleni.workspace.tenant.schema_name):
        told = list(Entry.objects.order_by("pk").values_list("action", flat=True))
    assert [each for each in told if each.startswith("domain.")] == [
        "domain.added", "domain.verified", "domain.made_primary", "domain.made_primary",
        "domain.removed",
    ]  # fmt: skip


def test_an_owner_changes_the_subdomain(web_stack: WebStack, eleni: Owner) -> None:
    label, taken = f"moved-{secrets.token_hex(4)}", domains.label_of(web_stack.acme.host)
    assert eleni.ask("POST", "/api/subdomain/", json={"subdomain": taken}).status_code == 409
    refused = eleni.ask("POST", "/api/subdomain/", json={"subdomain": "admin"})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["subdomain"])
    moved = eleni.ask("POST", "/api/subdomain/", json={"subdomain": label}).json()
    assert (moved["subdomain"], moved["subdomain_is_primary"]) == (label, True)
    assert [each["host"] for each in moved["old_names"]] == [eleni.workspace.host]
    assert eleni.workspace.tenant.primary_domain == domains.host_of(label)


def test_nobody_but_owners_and_no_other_workspace_has_a_say(
    web_stack: WebStack, http_client: HttpClient, eleni: Owner
) -> None:
    added = eleni.ask("POST", "/api/domains/", json={"host": new_host()}).json()
    stranger = Owner(http_client, create_workspace())
    path = f"/api/domains/{added['id']}/"
    for method, each in (("GET", path), ("DELETE", path), ("POST", f"{path}verify/")):
        assert stranger.ask(method, each).status_code == 404
    with inside(stranger.workspace.tenant.schema_name):
        User.objects.create_user("manos@court.example", PASSWORD, role=Role.MANAGER)
    manager = Owner(http_client, Workspace(
        tenant=stranger.workspace.tenant, host=stranger.workspace.host, owner="manos@court.example",
    ))  # fmt: skip
    assert manager.ask("GET", "/api/domains/").status_code == 403
    assert manager.ask("POST", "/api/subdomain/", json={"subdomain": "moved"}).status_code == 403
