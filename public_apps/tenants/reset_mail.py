"""The mail with a link for a new password, which works in its own workspace alone."""

from __future__ import annotations

from public_apps.accounts import password_links, password_reset
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import links
from public_apps.tenants.models import Tenant


@mail.composes(password_reset.KIND, awaited=True)
def compose(outgoing: OutgoingMail) -> Content | None:
    """Make the mail, with a key made at this moment; None for somebody who was let go meanwhile."""
    schema_name, user_pk, _occurrence = outgoing.key.split(":")
    tenant: Tenant = Tenant.objects.get(schema_name=schema_name)
    with inside(schema_name):
        user = User.objects.filter(pk=user_pk, is_active=True).first()
        key = password_links.new_key(user) if user else None
    if key is None:
        return None
    return Content(
        template="password_reset",
        context={"password_reset_url": links.to(tenant, "set-password", key=key)},
    )
