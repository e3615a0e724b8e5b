"""Who accepts an invitation and is known as an apartment's owner or tenant gets to see it."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from public_apps.accounts.invitations.hooks import when_accepted
from public_apps.accounts.models import Invitation, User
from public_apps.core import email_addresses
from tenant_apps.buildings import actions
from tenant_apps.buildings.models import Apartment, Party, Residency


@when_accepted
def move_in(invitation: Invitation, member: User) -> None:
    """Let a new member see each apartment whose owner's or tenant's address is theirs.

    The link in the mail has proven the address; who already has the apartment keeps it.
    """
    today = timezone.localdate()
    theirs = Q(owner_email__iexact=member.email) | Q(tenant_email__iexact=member.email)
    for apartment in Apartment.objects.filter(theirs).order_by("pk"):
        for kind in _capacities(apartment, member):
            held = Residency.objects.filter(apartment=apartment, kind=kind)
            if not held.filter(Q(ends_on=None) | Q(ends_on__gte=today)).exists():
                actions.add_residency(apartment=apartment, user=member, kind=kind, starts_on=today)


def _capacities(apartment: Apartment, member: User) -> list[Party]:
    address = email_addresses.known(member.email).lower()
    known = {Party.OWNER: apartment.owner_email, Party.TENANT: apartment.tenant_email}
    return [
        kind for kind, email in known.items() if email_addresses.known(email).lower() == address
    ]
