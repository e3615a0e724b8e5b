"""The mail that invites somebody into a workspace."""

from __future__ import annotations

from django.utils import translation

from public_apps.accounts.invitations import actions
from public_apps.accounts.invitations import links as keys
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import links
from public_apps.tenants.models import Tenant


@mail.composes(actions.MAIL, awaited=True)
def compose(outgoing: OutgoingMail) -> Content | None:
    """Make the mail, with the key of this moment; None once the invitation isn't open, or sent anew."""
    schema_name, pk, number = outgoing.key.split(":")
    tenant: Tenant = Tenant.objects.get(schema_name=schema_name)
    with inside(schema_name), translation.override(outgoing.language):
        invitation = (
            keys.open_invitations().select_related("invited_by").filter(pk=pk, mails=number).first()
        )
        if invitation is None:
            return None
        key = keys.key_of(invitation)
        context: dict[str, object] = {
            "organization": tenant.name,
            "first_name": invitation.first_name,
            "invited_by": invitation.invited_by.get_full_name(),
            "role": str(invitation.get_role_display()),
            "expires_on": invitation.expires_at,
        }
    url = links.to(tenant, "invitation", key=key)
    return Content(template="invitation", context={**context, "url": url})
