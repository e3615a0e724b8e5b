"""How the OpenAPI document describes our bearer tokens."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class SessionTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # metaclass
    """The session token of allauth's sign-in, sent as a bearer token."""

    target_class = "public_apps.accounts.token_authentication.SessionTokenAuthentication"
    name = "sessionToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "meta.session_token of POST /_allauth/app/v1/auth/login",
        }


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # metaclass
    """An API key, sent as a bearer token."""

    target_class = "public_apps.accounts.api_key_authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A key that POST /api/keys/ has shown; it begins with nc_",
        }
