"""The mail that invites somebody into a workspace, with a link to its own host."""

from __future__ import annotations

from django.urls import reverse
from django.utils import translation

from public_apps.accounts.invitations import actions, links
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schemas import inside
from public_apps.tenants import domains
from public_apps.tenants.models import Tenant


@mail.composes(actions.MAIL, awaited=True)
def compose(outgoing: OutgoingMail) -> Content | None:
    """Make the mail, with the key of this moment; None once the invitation isn't open, or sent anew."""
    schema_name, pk, number = outgoing.key.split(":")
    tenant: Tenant = Tenant.objects.get(schema_name=schema_name)
    with inside(schema_name), translation.override(outgoing.language):
        invitation = (
            links.open_invitations()
            .select_related("invited_by")
            .filter(pk=pk, mails=number)
            .first()
        )
        if invitation is None:
            return None
        key = links.key_of(invitation)
        context: dict[str, object] = {
            "organization": tenant.name,
            "first_name": invitation.first_name,
            "invited_by": invitation.invited_by.get_full_name(),
            "role": str(invitation.get_role_display()),
            "expires_on": invitation.expires_at,
        }
    path = reverse("invitation", urlconf="config.urls_tenant", kwargs={"key": key})
    return Content(template="invitation", context={**context, "url": domains.url_of(tenant, path)})
