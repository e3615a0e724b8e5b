"""People of the ring's workspace, each with a browser of Django's."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client

from public_apps.accounts.models import Role, User

HOST = f"unit-court.{settings.TENANT_BASE_DOMAIN}"


def visitor(role: Role) -> Client:
    """Return a client of somebody of this role, signed in for pages and API; inside of the workspace."""
    user = User.objects.create_user(f"{role}@unit.example", role=role)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    client = Client(headers={"Host": HOST})
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    client.defaults["HTTP_X_SESSION_TOKEN"] = str(client.session.session_key)
    return client
