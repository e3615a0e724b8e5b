"""The first person of a workspace."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction

from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import inside


def ensure_owner(
    *, schema_name: str, email: str, first_name: str, last_name: str, language: str
) -> User:
    """Return the owner with this address, created without a password on the first call."""
    with inside(schema_name), transaction.atomic():
        owner = User.objects.filter(email__iexact=email).first()
        if owner is None:
            owner = User.objects.create_user(
                email,
                first_name=first_name,
                last_name=last_name,
                language=language,
                role=Role.OWNER,
            )
        # The only way in is the link that we mail to this address, which proves it.
        EmailAddress.objects.get_or_create(
            user=owner, email=owner.email.lower(), defaults={"verified": True, "primary": True}
        )
        return owner
