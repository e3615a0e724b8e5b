"""Where the links lead that leave us: to our own pages, or to the frontend's routes for the same.

With `FRONTEND_LINKS` on, what has a route in the frontend leads there; the rest stays where it is. A
workspace's routes lie below `/w/<its first host>`, since one frontend serves them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse

from public_apps.core import origins
from public_apps.tenants import domains
from public_apps.tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Route:
    """A page of a workspace by its name in `config.urls_tenant`, and its like in the frontend."""

    page: str
    frontend: str | None  # below /w/<host>; None: it stays on the workspace's own host


ROUTES: Mapping[str, Route] = {
    "home": Route(page="home", frontend=""),
    "sign-in": Route(page="account_login", frontend="/sign-in"),
    "set-password": Route(page="set-password", frontend="/set-password/{key}"),
    "invitation": Route(page="invitation", frontend="/invitation/{key}"),
    "confirm-email": Route(page="account_confirm_email", frontend="/confirm-email/{key}"),
    "subscription": Route(page="billing-page", frontend="/subscription"),
    "request": Route(page="request-page", frontend="/requests/{pk}"),
    # Whoever did not do what a notice tells of must get back in whatever became of the frontend.
    "ask-for-password": Route(page="account_reset_password", frontend=None),
    # Seen to by owners once in a while: there are no such pages in the frontend.
    "domains": Route(page="domains-page", frontend=None),
    "export": Route(page="export-page", frontend=None),
    "deletion": Route(page="deletion-page", frontend=None),
}


def to(tenant: Tenant, route: str, *, frontend: str = "", **names: object) -> str:
    """Return the address of a page of a workspace, for a mail or for the way back from Stripe.

    `frontend` is the origin of a site that asks to lead back to itself, checked by the caller; it
    counts whether or not `FRONTEND_LINKS` is on.
    """
    known = ROUTES[route]
    site = _site(frontend) if frontend or settings.FRONTEND_LINKS else ""
    if site and known.frontend is not None:
        said = {name: quote(str(value), safe="") for name, value in names.items()}
        return f"{site}/w/{tenant.primary_domain}{known.frontend.format(**said)}"
    return on_own_host(tenant, route, **names)


def on_own_host(tenant: Tenant, route: str, **names: object) -> str:
    """Return the address of a page of a workspace on its own host, whatever is switched on."""
    page = ROUTES[route].page
    return domains.url_of(tenant, reverse(page, urlconf="config.urls_tenant", kwargs=names))


def after_payment(*, frontend: str = "") -> str:
    """Return where Stripe sends buyers who have paid; Stripe fills in the session's id."""
    return f"{_shop(frontend)}/welcome/{{CHECKOUT_SESSION_ID}}/"


def back_to_signup(signup_id: object, *, frontend: str = "") -> str:
    """Return where Stripe sends buyers who turn back without having paid."""
    return f"{_shop(frontend)}/?signup={signup_id}"


def _shop(frontend: str) -> str:
    return _site(frontend) or settings.SITE_URL


def _site(frontend: str) -> str:
    """Return the site of an origin: the frontend of our settings may lie below a path of its own."""
    if frontend in {"", origins.of_frontend()}:
        return str(settings.FRONTEND_URL)
    return frontend
