"""Where allauth's API sends people: the links of the workspace that was asked."""

from __future__ import annotations

from typing import Any

from allauth.headless.adapter import DefaultHeadlessAdapter
from django.conf import settings

from public_apps.core.schema_context import in_public
from public_apps.tenants import links

# allauth's names for pages (its HEADLESS_FRONTEND_URLS) and ours.
ROUTES = {
    "account_confirm_email": "confirm-email",
    "account_reset_password": "ask-for-password",
    "account_reset_password_from_key": "set-password",
    "account_signup": "sign-in",
}


class HeadlessAdapter(DefaultHeadlessAdapter):
    """One frontend serves many workspaces: a fixed table of addresses can't say whose page is meant."""

    def get_frontend_url(self, urlname: str, **kwargs: Any) -> str | None:
        """Return the address of a page for the request's workspace."""
        tenant = getattr(self.request, "tenant", None)
        if tenant is None or not settings.FRONTEND_LINKS or urlname not in ROUTES:
            url: str | None = super().get_frontend_url(urlname, **kwargs)
            return url
        with in_public():  # allauth asks from within the workspace's schema, which knows no domains
            return links.to(tenant, ROUTES[urlname], **kwargs)
