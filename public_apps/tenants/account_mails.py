"""Mails to people about their own account in a workspace: a new address, and what was changed."""

from __future__ import annotations

from allauth.account.models import EmailConfirmation

from public_apps.accounts import security_notifications
from public_apps.accounts.members import actions as members
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import links
from public_apps.tenants.models import Tenant


@mail.composes(security_notifications.EMAIL_CHANGE, awaited=True)
def email_change(outgoing: OutgoingMail) -> Content | None:
    """Ask whether a new address is theirs; None once it was confirmed, or given up.

    None, too, if it is another member's, who need not hear of it.
    """
    schema_name, pk = outgoing.key.split(":")
    tenant = _tenant(schema_name)
    with inside(schema_name):
        waiting = EmailConfirmation.objects.filter(pk=pk, email_address__verified=False)
        confirmation = waiting.select_related("email_address__user").first()
        if confirmation is None or not confirmation.email_address.user.is_active:
            return None
        if not members.is_free(outgoing.to, for_=confirmation.email_address.user):
            return None
        key, user = confirmation.key, confirmation.email_address.user
    return Content(
        template="email_change",
        context={
            "organization": tenant.name,
            "name": user.get_short_name(),
            "email": outgoing.to,
            "url": links.to(tenant, "confirm-email", key=key),
        },
    )


@mail.composes(security_notifications.SECURITY)
def security_notice(outgoing: OutgoingMail) -> Content | None:
    """Say what was changed in their account, and what to do if it wasn't them."""
    schema_name, pk, occasion, _unique = outgoing.key.split(":")
    tenant = _tenant(schema_name)
    with inside(schema_name):
        user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None:
        return None
    return Content(
        template="security_notice",
        context={
            "organization": tenant.name,
            "name": user.get_short_name(),
            "email": user.email,
            "occasion": occasion,
            "at": outgoing.created_at,
            "url": links.to(tenant, "ask-for-password"),
        },
    )


def _tenant(schema_name: str) -> Tenant:
    tenant: Tenant = Tenant.objects.get(schema_name=schema_name)
    return tenant
