"""The mail that an owner's export is there."""

from __future__ import annotations

from django.db.models.functions import Now

from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.tenants import links
from public_apps.tenants.archives import exports
from public_apps.tenants.models import Export


@mail.composes(exports.READY)
def export_ready(outgoing: OutgoingMail) -> Content | None:
    """Lead to the archive, for whoever is signed in as an owner; None once it has expired."""
    fetchable = Export.objects.filter(pk=outgoing.key, expires_at__gt=Now())
    export = fetchable.select_related("tenant").first()
    if export is None:
        return None
    return Content(
        template="export_ready",
        context={
            "organization": export.tenant.name,
            "date": export.expires_at,
            "url": links.to(export.tenant, "export"),
        },
    )
