"""What allauth answers about signing in is as our document says: every operation, well and badly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
import yaml
from django.conf import settings
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # drf-spectacular brings it, without types

from public_apps.accounts import password_links
from public_apps.core.schema_context import inside
from tests.accounts.account_api import code_of
from tests.core.web_stack import PASSWORD, HttpClient, Workspace, create_workspace, person_of

DOCUMENT = yaml.safe_load((settings.BASE_DIR / "docs/openapi/tenant.yaml").read_text())
START = "/_allauth/app/v1/"


class Walk:
    """A person on the way through the sign-in API; each answer is held against the document."""

    def __init__(self, http_client: HttpClient, workspace: Workspace) -> None:
        self.http_client, self.workspace = http_client, workspace
        self.token = ""
        self.seen: set[str] = set()
        self.faults: list[str] = []

    def ask(
        self, method: str, path: str, body: Any = None, *, status: int, **headers: str
    ) -> dict[str, Any]:
        """Send a request and return its JSON, which is as documented, under the status expected."""
        sent = {"X-Session-Token": self.token, **headers} if self.token else headers
        answer = self.http_client.ask(
            method, f"{START}{path}", host=self.workspace.host, headers=sent, json=body
        )
        told: dict[str, Any] = answer.json()
        asked = f"{method} {path} → {answer.status_code} {answer.text}"
        if answer.status_code != status:
            self.faults.append(f"{asked}: expected {status}")
        self.faults += [f"{asked}: {fault}" for fault in self._check(method, path, answer)]
        self.token = told.get("meta", {}).get("session_token", self.token)
        return told

    def sign_in(self, *, status: int = 200, password: str = PASSWORD) -> dict[str, Any]:
        """Begin anew with address and password."""
        self.token = ""
        body = {"email": self.workspace.owner, "password": password}
        return self.ask("POST", "auth/login", body, status=status)

    def _check(self, method: str, path: str, answer: requests.Response) -> Iterator[str]:
        operation = DOCUMENT["paths"][f"{START}{path}"][method.lower()]
        self.seen.add(operation["operationId"])
        described = operation["responses"].get(str(answer.status_code))
        if described is None:
            yield "this status is not documented"
            return
        if "$ref" in described:
            described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
        schema = described["content"]["application/json"]["schema"]
        whole = {**schema, "components": DOCUMENT["components"]}
        for error in Draft202012Validator(whole).iter_errors(answer.json()):
            yield error.message
        for name in _unknown(schema, answer.json()):
            yield f"{name} is not documented"


def _unknown(schema: dict[str, Any], value: Any) -> set[str]:
    """Return fields, at any depth, that the schema does not name."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, list):
        return {name for each in value for name in _unknown(schema.get("items", {}), each)}
    if not isinstance(value, dict) or "properties" not in schema:
        return set()
    known = schema["properties"]
    inside = {name for key in value.keys() & known for name in _unknown(known[key], value[key])}
    return {str(name) for name in value.keys() - known.keys()} | inside


def test_every_answer_about_signing_in_is_as_documented(http_client: HttpClient) -> None:
    walk = Walk(http_client, create_workspace())
    for way in (_outside, _inside, _second_factor, _passwords, _out):
        way(walk)
    assert not walk.faults, "\n".join(walk.faults)
    described = {
        operation["operationId"]
        for path, methods in DOCUMENT["paths"].items()
        for operation in methods.values()
        if path.startswith(START)
    }
    assert walk.seen == described


def _outside(walk: Walk) -> None:
    config = walk.ask("GET", "config", status=200)
    assert config["data"]["account"]["is_open_for_signup"] is False
    walk.ask("GET", "auth/session", status=401)
    walk.sign_in(status=400, password="wrong-word-12")
    walk.sign_in()
    body = {"email": walk.workspace.owner, "password": PASSWORD}
    walk.ask("POST", "auth/login", body, status=409)


def _inside(walk: Walk) -> None:
    walk.ask("GET", "auth/session", status=200)
    assert any(each["is_current"] for each in walk.ask("GET", "auth/sessions", status=200)["data"])
    mine, first = walk.token, walk.ask("GET", "auth/sessions", status=200)["data"][0]["id"]
    walk.sign_in()
    walk.ask("DELETE", "auth/sessions", {"sessions": [first]}, status=200)
    now, walk.token = walk.token, mine
    walk.ask("GET", "auth/session", status=410)
    walk.token = now
    walk.ask("GET", "account/email", status=200)
    walk.ask("POST", "account/email", {"email": "no address"}, status=400)
    walk.ask("POST", "account/email", {"email": walk.workspace.owner}, status=400)
    walk.ask("GET", "auth/email/verify", status=400, **{"X-Email-Verification-Key": "none"})
    walk.ask("POST", "auth/email/verify", {"key": "none"}, status=400)


def _second_factor(walk: Walk) -> None:
    walk.ask("GET", "account/authenticators", status=200)
    walk.ask("GET", "account/authenticators/recovery-codes", status=404)
    walk.ask("POST", "auth/reauthenticate", {"password": "wrong-word-12"}, status=400)
    walk.ask("POST", "auth/reauthenticate", {"password": PASSWORD}, status=200)
    secret = walk.ask("GET", "account/authenticators/totp", status=404)["meta"]["secret"]
    walk.ask("POST", "account/authenticators/totp", {"code": "000000"}, status=400)
    walk.ask("POST", "account/authenticators/totp", {"code": code_of(secret)}, status=200)
    walk.ask("GET", "account/authenticators/totp", status=200)
    codes = walk.ask("POST", "account/authenticators/recovery-codes", status=200)["data"]
    walk.ask("GET", "account/authenticators/recovery-codes", status=200)
    walk.ask("GET", "account/authenticators", status=200)
    walk.sign_in(status=401)
    walk.ask("POST", "auth/2fa/authenticate", {"code": "000000"}, status=400)
    first, second, *_more = codes["unused_codes"]
    walk.ask("POST", "auth/2fa/authenticate", {"code": first}, status=200)
    walk.ask("POST", "auth/2fa/reauthenticate", {"code": "000000"}, status=400)
    walk.ask("POST", "auth/2fa/reauthenticate", {"code": second}, status=200)
    walk.ask("DELETE", "account/authenticators/totp", status=200)


def _passwords(walk: Walk) -> None:
    wrong = {"current_password": "wrong-word-12", "new_password": f"{PASSWORD}-new"}
    walk.ask("POST", "account/password/change", wrong, status=400)
    right = {"current_password": PASSWORD, "new_password": f"{PASSWORD}-new"}
    walk.ask("POST", "account/password/change", right, status=200)
    walk.ask("DELETE", "auth/session", status=401)
    walk.token = ""
    walk.ask("POST", "auth/password/request", {"email": walk.workspace.owner}, status=200)
    walk.ask("GET", "auth/password/reset", status=400, **{"X-Password-Reset-Key": "none"})
    key = _key_of(walk)
    walk.ask("GET", "auth/password/reset", status=200, **{"X-Password-Reset-Key": key})
    walk.ask("POST", "auth/password/reset", {"key": key, "password": "short"}, status=400)
    walk.ask("POST", "auth/password/reset", {"key": key, "password": PASSWORD}, status=401)


def _out(walk: Walk) -> None:
    walk.sign_in()
    walk.ask("DELETE", "auth/session", status=401)


def _key_of(walk: Walk) -> str:
    with inside(walk.workspace.tenant.schema_name):
        return password_links.new_key(person_of(walk.workspace))
