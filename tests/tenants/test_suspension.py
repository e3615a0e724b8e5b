"""A suspended workspace: 402 to all but what settles the matter, and nothing is lost."""

from __future__ import annotations

import pytest
from django.utils import timezone

from public_apps.tenants.models import Tenant
from tests.core.web_stack import HttpClient, WebStack, Workspace, create_workspace


@pytest.fixture
def unpaid(web_stack: WebStack) -> Workspace:
    """A workspace whose subscription has lapsed."""
    workspace = create_workspace()
    Tenant.objects.filter(pk=workspace.tenant.pk).update(
        suspended_at=timezone.now(), suspended_reason="unpaid"
    )
    return workspace


@pytest.mark.parametrize("path", ["/api/buildings/", "/api/schema/", "/api/no-such-call/"])
def test_the_api_answers_402_with_a_type_that_programs_can_tell(
    unpaid: Workspace, http_client: HttpClient, path: str
) -> None:
    answer = http_client.ask("GET", path, host=unpaid.host)
    assert answer.status_code == 402
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"].endswith("subscription-inactive")
    assert answer.json()["status"] == 402


def test_pages_answer_402_with_a_page(unpaid: Workspace, http_client: HttpClient) -> None:
    answer = http_client.ask("GET", "/", host=unpaid.host)
    assert answer.status_code == 402
    assert answer.headers["Content-Type"].startswith("text/html")


def test_its_people_still_sign_in_and_read_themselves(
    unpaid: Workspace, http_client: HttpClient
) -> None:
    headers = {"Authorization": f"Bearer {http_client.token(unpaid)}"}
    me = http_client.ask("GET", "/api/me/", host=unpaid.host, headers=headers)
    assert (me.status_code, me.json()["email"]) == (200, unpaid.owner)
    assert http_client.ask("GET", "/accounts/login/", host=unpaid.host).status_code == 200


@pytest.mark.parametrize("path", ["/api/subscription/", "/api/invoices/", "/billing/"])
def test_what_settles_the_matter_stays_open(
    unpaid: Workspace, http_client: HttpClient, path: str
) -> None:
    assert http_client.ask("GET", path, host=unpaid.host).status_code != 402


@pytest.mark.parametrize("path", ["/api/members/", "/api/me/../buildings/", "//api/me/"])
def test_no_detour_leads_past_the_gate(
    unpaid: Workspace, http_client: HttpClient, path: str
) -> None:
    assert http_client.ask("GET", path, host=unpaid.host).status_code in {402, 404}
    chosen = {"X-Tenant-Host": unpaid.host}
    if path.startswith("/api/"):
        assert http_client.ask("GET", path, headers=chosen).status_code == 402


@pytest.mark.parametrize("header", ["SCRIPT_NAME", "Script-Name", "PATH_INFO", "X-Script-Name"])
def test_no_header_tells_another_path_than_the_requests_own(
    unpaid: Workspace, http_client: HttpClient, header: str
) -> None:
    """gunicorn would take SCRIPT_NAME from whoever sends it: the gate would see /accounts/ only."""
    headers = {header: "/accounts"}
    answer = http_client.ask("GET", "/accounts/api/schema/", host=unpaid.host, headers=headers)
    assert answer.status_code == 404
    answer = http_client.ask("GET", "/api/schema/", host=unpaid.host, headers={header: "/api/me/"})
    assert answer.status_code == 402


def test_an_operator_suspends_and_resumes_by_command(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    label = workspace.host.partition(".")[0]
    manage = web_stack.stack.manage
    assert manage("tenant", "suspend", label, "--reason", "asked to").returncode == 0
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "suspended"
    assert http_client.ask("GET", "/", host=workspace.host).status_code == 402
    assert manage("tenant", "resume", workspace.tenant.schema_name).returncode == 0
    tenant = Tenant.objects.get(pk=workspace.tenant.pk)
    assert (tenant.status, tenant.suspended_reason) == ("active", "")
    unknown = manage("tenant", "suspend", "no-such-name", "--reason", "x")
    assert unknown.returncode != 0
    assert "Traceback" not in unknown.stderr
