"""A body for each operation of signing in that takes one, as somebody would send who belongs here."""

from __future__ import annotations

from typing import Any

from public_apps.accounts import password_links
from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from tests.core.web_stack import PASSWORD
from tests.tenant_api.sample_workspace import SampleWorkspace

# Codes and the keys of mails are wrong ones, but for the password's: that opens a door by itself.
_CODE = {"code": "000000"}
_BODIES: dict[str, dict[str, Any]] = {
    "second_factor_authenticate": _CODE,
    "second_factor_reauthenticate": _CODE,
    "totp_create": _CODE,
    "reauthenticate": {"password": PASSWORD},
    "email_verify": {"key": "none"},
    "sessions_end": {"sessions": []},
    "password_change": {"current_password": PASSWORD, "new_password": f"{PASSWORD}-new"},
}


def content(operation: str, workspace: SampleWorkspace) -> dict[str, Any]:
    """Return what to send, as `requests` takes it."""
    email = workspace.workspace.owner
    if operation in _BODIES:
        return {"json": _BODIES[operation]}
    if operation == "sign_in":
        return {"json": {"email": email, "password": PASSWORD}}
    if operation == "password_reset_request":
        return {"json": {"email": email}}
    if operation == "addresses_change":
        return {"json": {"email": f"other@{workspace.mark}.example"}}
    if operation in {"password_reset", "password_reset_preview"}:
        return _with_key(operation, workspace)
    return {}


def _with_key(operation: str, workspace: SampleWorkspace) -> dict[str, Any]:
    with inside(workspace.schema):
        key = password_links.new_key(User.objects.get(email=workspace.workspace.owner))
    if operation == "password_reset_preview":
        return {"headers": {"X-Password-Reset-Key": key}}
    return {"json": {"key": key, "password": f"{PASSWORD}-new"}}
