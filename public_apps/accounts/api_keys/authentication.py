"""`Authorization: Bearer nc_…`: an API key, looked up in the schema of the request's tenant alone.

Views take keys only if they name this class: the subscription, passwords, one-time codes and sessions
don't, and the table of permissions keeps keys away from roles and from other keys.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from public_apps.accounts.api_keys import actions
from public_apps.accounts.api_keys.actions import Machine
from public_apps.accounts.models import User
from public_apps.accounts.token_authentication import API_KEY_MARK


class ApiKeyAuthentication(BaseAuthentication):
    """Signs a machine in by its key; a key that opens nothing is refused with 401."""

    def authenticate(self, request: Request) -> tuple[User, Machine] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip().startswith(API_KEY_MARK):
            return None
        machine = actions.identify(secret.strip())
        if machine is None:
            raise AuthenticationFailed(_("This key is not valid here."))
        return machine.key.user, machine

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
