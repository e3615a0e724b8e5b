"""The welcome mail: where the workspace is, and a one-time link to set the owner's password."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from public_apps.accounts import password_links
from public_apps.accounts.models import Role, User
from public_apps.audit import audit
from public_apps.core import clock, mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains, links
from public_apps.tenants.models import Tenant

KIND = "welcome"
MOST_MAILS = 6
SHORTEST_GAP = timedelta(minutes=1)


def enqueue(*, signup: Signup) -> OutgoingMail:
    """Promise the first welcome mail; asking again changes nothing."""
    return _enqueue(signup, number=0)


def send_again(*, signup: Signup) -> bool:
    """Promise another welcome mail; False when asked too often or too soon."""
    last = OutgoingMail.objects.filter(kind=KIND, key__startswith=f"{signup.pk}:").latest("pk")
    if clock.now() - last.created_at < SHORTEST_GAP:
        return False
    raised = Signup.objects.filter(
        pk=signup.pk, ready_at__isnull=False, welcome_mails=signup.welcome_mails,
        welcome_mails__lt=MOST_MAILS,
    ).update(welcome_mails=F("welcome_mails") + 1)  # fmt: skip
    if not raised:
        return False
    _enqueue(signup, number=signup.welcome_mails + 1)
    return True


def enqueue_again(*, signup: Signup) -> None:
    """Send a buyer another mail if that helps: the workspace is ready and its owner has no password.

    The link of an earlier mail goes on working until one of them is used, for mails cross. Nobody is
    told whether a mail was sent.
    """
    tenant = signup.tenant
    if tenant is None or signup.ready_at is None or tenant.archived_at is not None:
        return
    if _key_for_owner(tenant, signup.email) is None:
        return
    with transaction.atomic():
        if send_again(signup=signup):
            audit.record(actor="buyer", action="tenant.welcome_resent", target=tenant)


def sent_at(*, signup: Signup) -> datetime | None:
    """Return when the first welcome mail left, or None."""
    first = OutgoingMail.objects.filter(kind=KIND, key=f"{signup.pk}:0").first()
    return first.sent_at if first else None


@mail.composes(KIND, awaited=True)
def compose(outgoing: OutgoingMail) -> Content | None:
    """Make the mail, with a key made at this moment; None once the owner has a password."""
    signup = Signup.objects.select_related("tenant").get(pk=outgoing.key.partition(":")[0])
    tenant = signup.tenant
    assert tenant is not None  # noqa: S101 - the mail is promised after the tenant is there
    key = _key_for_owner(tenant, signup.email)
    if key is None:
        return None
    return Content(
        template="welcome",
        context={
            "first_name": signup.first_name,
            "organization": signup.organization,
            "workspace_url": links.to(tenant, "home"),
            "set_password_url": links.to(tenant, "set-password", key=key),
            "expires_on": password_links.expires_at(),
            "requested_subdomain": signup.requested_subdomain,
            "subdomain": domains.label_of(tenant.primary_domain),
        },
    )


def _key_for_owner(tenant: Tenant, email: str) -> str | None:
    with inside(tenant.schema_name):
        owners = User.objects.filter(role=Role.OWNER, is_active=True)
        if any(owner.has_usable_password() for owner in owners):
            return None
        # Without a row this is no mail that nobody wants, but one that can't be made: it is told.
        return password_links.new_key(owners.get(email__iexact=email))


def _enqueue(signup: Signup, *, number: int) -> OutgoingMail:
    return mail.enqueue(
        kind=KIND, key=f"{signup.pk}:{number}", to=signup.email, language=signup.language
    )
