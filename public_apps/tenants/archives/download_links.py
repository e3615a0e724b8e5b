"""The link to an archive: a browser follows it without a token, for some minutes, at one workspace.

Whoever made it must still be somebody who may.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope, scope_for
from public_apps.core import clock
from public_apps.core.errors import Refused
from public_apps.core.schema_context import in_public
from public_apps.tenants import domains
from public_apps.tenants.models import Export, ExportStatus, Tenant

SALT = "concierge.export-link"
GOOD_FOR = timedelta(minutes=10)
OPERATION = "exports.link"


@dataclass(frozen=True, kw_only=True)
class Link:
    """Where the archive can be fetched, and until when."""

    url: str
    expires_at: datetime


def make(*, export: Export, tenant: Tenant, by: User) -> Link:
    """Return a link to an archive. Raises `errors.Refused` unless it is ready."""
    if export.status is not ExportStatus.READY or export.expires_at is None:
        raise Refused(_("It is not ready yet."))
    token = signing.dumps([tenant.schema_name, str(export.pk), by.pk], salt=SALT)
    path = reverse("export-link", urlconf="config.urls_tenant")
    with in_public():
        url = domains.url_of(tenant, f"{path}?token={token}")
    return Link(url=url, expires_at=min(clock.now() + GOOD_FOR, export.expires_at))


def follow(token: str, *, tenant: Tenant) -> tuple[UUID, User] | None:
    """Return which export a link leads to and who made it; None if it is not, or no longer, good."""
    try:
        schema_name, export_id, user_id = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return None
    if schema_name != tenant.schema_name:
        return None
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None or scope_for(role=person.role, operation=OPERATION) is Scope.NONE:
        return None
    return UUID(export_id), person
