"""Validators that others' generators make of our documents take what we really answer.

`clients/generators` makes them: zod's by orval and by hey-api. That what is made compiles is a check of
bin/test; here the answers of the running system go through it.
"""

from __future__ import annotations

import fcntl
import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from allauth.account.models import EmailConfirmation

from devstack.processes import ROOT
from public_apps.accounts import password_links
from public_apps.accounts.models import Role
from public_apps.core.schema_context import inside
from public_apps.tenants.routing import FRESH_SECONDS
from tests.accounts.account_api import API, ask, code_of, sign_in
from tests.clients.npm import run, tool
from tests.core.web_stack import PASSWORD, HttpClient
from tests.customer import Order, Shop, Workspace
from tests.tenant_api.operations import operations
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_api.sample_workspace import SampleWorkspace, furnished

GENERATORS = ROOT / "clients" / "generators"
# Of what owners read, this takes Stripe: a test of its own buys a workspace.
NOT_HERE = ("subscription", "invoice_links")
FILES = {"expenses_attachment_retrieve", "requests_attachments_retrieve"}
SIGN_IN = {
    "sign_in", "sign_in_config", "session_retrieve", "sessions_list", "reauthenticate",
    "addresses_list", "addresses_change", "totp_create", "totp_retrieve", "totp_destroy",
    "authenticators_list",
    "recovery_codes_retrieve", "recovery_codes_create", "password_reset_request",
    "password_reset_preview", "email_verify_preview",
}  # fmt: skip


@dataclass
class Answers:
    """What one kind of host has answered, each with its operation."""

    document: str
    recorded: list[dict[str, Any]] = field(default_factory=list)

    def keep(self, operation: str, answer: requests.Response) -> requests.Response:
        """Keep an answer, if it is what was asked for and JSON."""
        if answer.ok and answer.headers.get("Content-Type", "").startswith("application/json"):
            self.recorded.append(
                {
                    "document": self.document, "operation": operation,
                    "status": answer.status_code, "body": answer.json(),
                }
            )  # fmt: skip
        return answer

    @property
    def operations(self) -> set[str]:
        """The operations that have answered."""
        return {each["operation"] for each in self.recorded}


@pytest.fixture(scope="module")
def validators() -> None:
    """What the generators make of the documents as they are."""
    npm = tool("npm")
    with (GENERATORS / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # neighbours would make them in the same folder
        if not (GENERATORS / "node_modules").exists():
            run(npm, "ci", "--prefer-offline", cwd=GENERATORS)
        run(tool("node"), "generate.mjs", "--if-stale", cwd=GENERATORS)


def judge(answers: Answers) -> dict[str, Any]:
    """Return how many of the answers the validators take, and why they refuse others."""
    said = run(tool("node"), "accept.mjs", cwd=GENERATORS, told=json.dumps(answers.recorded))
    judged: dict[str, Any] = json.loads(said)
    return judged


def reads(http_client: HttpClient, host: str) -> set[str]:
    """Return every GET of the document served there."""
    document = http_client.ask("GET", "/api/schema/?format=json", host=host).json()
    return {
        methods["get"]["operationId"]
        for methods in document["paths"].values()
        if "200" in methods.get("get", {}).get("responses", {})
    }


def record_tenant(sample_workspace: SampleWorkspace) -> Answers:
    """Ask for everything once, in an order in which all of it works."""
    answers = Answers("tenant")
    for operation in operations(sample_workspace.http_client, sample_workspace.host):
        content = operation.content(sample_workspace, sample_workspace.fixtures)
        answer = sample_workspace.ask(
            operation.method, operation.path(sample_workspace.fixtures), **content
        )
        answers.keep(operation.name, answer)
        if operation.name == "deletion_create":
            answers.keep("deletion_retrieve", sample_workspace.ask("GET", "/api/deletion/"))
        if operation.name == "deletion_destroy":
            time.sleep(FRESH_SECONDS)  # so long a process may take it for closed
    return answers


def test_validators_take_every_answer_of_the_tenant_api(
    validators: None, http_client: HttpClient
) -> None:
    sample_workspace = furnished(http_client)
    answers = record_tenant(sample_workspace)
    assert judge(answers) == {"taken": 2 * len(answers.recorded), "refused": []}
    missing = reads(http_client, sample_workspace.host) - answers.operations - FILES - SIGN_IN
    assert {name for name in missing if not name.startswith(NOT_HERE)} == set()


def test_validators_take_what_signing_in_answers(validators: None, http_client: HttpClient) -> None:
    populated = PopulatedWorkspace(http_client)
    person = populated.person(Role.STAFF, "Sofia")
    answers = Answers("tenant")

    def keep(operation: str, method: str, path: str, body: Any = None, **kwargs: Any) -> None:
        answer = person.ask(method, f"{API}{path}", json=body, **kwargs)
        assert answers.keep(operation, answer).ok, answer.text

    answers.keep("sign_in", sign_in(person))
    keep("sign_in_config", "GET", "config")
    keep("session_retrieve", "GET", "auth/session")
    keep("sessions_list", "GET", "auth/sessions")
    keep("reauthenticate", "POST", "auth/reauthenticate", {"password": PASSWORD})
    keep("addresses_list", "GET", "account/email")
    secret = ask(person, "GET", "account/authenticators/totp").json()["meta"]["secret"]
    keep("totp_create", "POST", "account/authenticators/totp", {"code": code_of(secret)})
    keep("totp_retrieve", "GET", "account/authenticators/totp")
    keep("authenticators_list", "GET", "account/authenticators")
    keep("recovery_codes_retrieve", "GET", "account/authenticators/recovery-codes")
    keep("recovery_codes_create", "POST", "account/authenticators/recovery-codes", {})
    keep("totp_destroy", "DELETE", "account/authenticators/totp")  # it bars other addresses
    keep("password_reset_request", "POST", "auth/password/request", {"email": "a@b.example"})
    keep("addresses_change", "POST", "account/email", {"email": f"new-{person.user.email}"})
    with inside(populated.schema):
        person.user.refresh_from_db()  # a key from before the sign-in is spent
        password = {"X-Password-Reset-Key": password_links.new_key(person.user)}
        waiting = EmailConfirmation.objects.get(email_address__user=person.user)
    keep("password_reset_preview", "GET", "auth/password/reset", headers=password)
    verification = {"X-Email-Verification-Key": waiting.key}
    keep("email_verify_preview", "GET", "auth/email/verify", headers=verification)
    assert answers.operations == SIGN_IN
    assert judge(answers) == {"taken": 2 * len(SIGN_IN), "refused": []}


def test_validators_take_what_a_buyer_and_an_owner_are_answered(
    validators: None, shop: Shop
) -> None:
    answers = Answers("public")
    order = Order()

    def keep(operation: str, path: str) -> requests.Response:
        return answers.keep(operation, requests.get(f"{shop.url}{path}", timeout=60))

    keep("billing_config", "/api/billing/config/")
    keep("billing_plans", "/api/billing/plans/")
    keep("billing_subdomain", f"/api/billing/subdomains/{order.subdomain}/")
    started = answers.keep("billing_checkout", shop.order(order)).json()
    progress = f"/api/billing/checkout/{started['session_id']}/"
    keep("billing_progress", progress)
    shop.pay(started["session_id"])
    url = shop.wait_for(started["session_id"])["workspace_url"]
    keep("billing_progress", progress)
    assert len(answers.recorded) == 6
    assert judge(answers)["refused"] == []

    workspace = Workspace(shop, order, started["session_id"], url)
    workspace.set_password()
    owner = {"Authorization": f"Bearer {workspace.token()}"}
    answers = Answers("tenant")
    for operation, path in (
        ("subscription", "/api/subscription/"),
        ("invoices", "/api/invoices/"),
        ("workspace_retrieve", "/api/workspace/"),
        ("me_retrieve", "/api/me/"),
    ):
        assert answers.keep(operation, workspace.request("GET", path, headers=owner)).ok, path
    assert judge(answers) == {"taken": 8, "refused": []}
