"""How an owner asks for the end of a workspace, by API and by page: sure, and it is really them."""

from __future__ import annotations

from allauth.core import ratelimit
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from public_apps.accounts import authority
from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.errors import Invalid, TooManyRequests
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Departure, Tenant
from public_apps.tenants.offboarding import departures

TRIES_WAIT = 59  # allauth lets somebody try ten times a minute


def current(tenant: Tenant) -> Departure | None:
    """Return the departure that is under way, or None."""
    with in_public():
        return departures.current(tenant)


def request_deletion(
    *, request: HttpRequest, tenant: Tenant, by: User, name: str, password: str
) -> Departure:
    """Suspend the workspace and have it erased in some days; see `departures.request_erasure`.

    Raises `errors.Invalid` unless its name and the owner's password are typed, and
    `errors.TooManyRequests` after too many tries.
    """
    if not ratelimit.consume(request, action="reauthenticate", user=by):
        raise TooManyRequests(wait=TRIES_WAIT)
    if name.strip() != tenant.name:
        wrong = _("This is not the name of the workspace.")
        raise Invalid(wrong, errors={"name": [wrong]})
    if not by.check_password(password):
        wrong = _("This is not your password.")
        raise Invalid(wrong, errors={"password": [wrong]})
    # Only now: a try at the password counts, whatever becomes of the rest.
    with authority.held(request, "deletion.create"):
        with in_public():
            departure = departures.request_erasure(tenant=tenant, by=by.email)
        audit.record(actor=by, action="workspace.deletion_asked", target=tenant)
    return departure


@transaction.atomic
def undo(*, tenant: Tenant, by: User) -> None:
    """Let the workspace stay; see `departures.undo`."""
    with in_public():
        departures.undo(tenant=tenant, by=by.email)
    audit.record(actor=by, action="workspace.deletion_undone", target=tenant)
