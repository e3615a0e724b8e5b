"""Our webhook endpoint at Stripe: whether it is as it should be, and making it so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from billing import gateway
from billing.handlers import HANDLERS

Document = dict[str, Any]
EVERYTHING = "*"
DESCRIPTION = "New Concierge"


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What was done to the endpoint; a new one's secret is shown this once."""

    done: str
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Whom our key belongs to, and what time it is there."""

    id: str
    charges_enabled: bool
    clock: datetime | None


def account() -> Account:
    """Return the account of our key. Raises `gateway.StripeUnavailable` or `StripeRefused`."""
    document, date = gateway.account_and_clock()
    return Account(
        id=document["id"],
        charges_enabled=bool(document.get("charges_enabled")),
        clock=parsedate_to_datetime(date) if date else None,
    )


def url() -> str:
    """Return where Stripe should deliver to."""
    return settings.SITE_URL + reverse("billing:webhook", urlconf=settings.PUBLIC_SCHEMA_URLCONF)


def ours() -> list[Document]:
    """Return the endpoints at Stripe that lead to this deployment, the newest first."""
    return [found for found in gateway.webhook_endpoints() if _leads_here(found["url"])]


def wrong_with(endpoint: Document) -> list[str]:
    """Return what is wrong with an endpoint, in words; nothing if it is as it should be."""
    wrong = []
    if endpoint["status"] != "enabled":
        wrong.append(f"it is {endpoint['status']}")
    if missing := _missing_events(endpoint):
        wrong.append(f"it does not get {', '.join(missing)}")
    if endpoint.get("api_version") != gateway.API_VERSION:
        version = endpoint.get("api_version") or "the account's default"
        wrong.append(f"its API version is {version} rather than {gateway.API_VERSION}")
    return wrong


def fix() -> Fixed | None:
    """Create our endpoint or bring it in line; None if nothing was to do.

    A version can't be changed at Stripe: a new endpoint is made beside the old one, which stays
    until its secret is no longer needed. Deliveries of both are the same events, and count once.
    """
    found = ours()
    if not found:
        return _created("created")
    if any(not wrong_with(endpoint) for endpoint in found):
        return None
    newest = found[0]
    if newest.get("api_version") != gateway.API_VERSION:
        return _created(f"created beside {newest['id']}, which speaks an older version")
    gateway.enable_webhook_endpoint(newest["id"], enabled_events=_wanted())
    return Fixed(done=f"brought {newest['id']} in line")


def _created(done: str) -> Fixed:
    made = gateway.create_webhook_endpoint(
        url=url(), enabled_events=_wanted(), description=DESCRIPTION
    )
    return Fixed(done=f"{done}: {made['id']}", secret=made["secret"])


def _leads_here(address: str) -> bool:
    there, here = urlsplit(address), urlsplit(url())
    hosts = {here.hostname, settings.TENANT_BASE_DOMAIN, *settings.PUBLIC_HOSTS}
    return there.path == here.path and there.port == here.port and there.hostname in hosts


def _missing_events(endpoint: Document) -> list[str]:
    enabled = set(endpoint["enabled_events"])
    return [] if EVERYTHING in enabled else sorted(set(HANDLERS) - enabled)


def _wanted() -> list[str]:
    return sorted(HANDLERS)
