"""Asking for a new password: promised in the outbox, so that a slow mail server tells nobody's secret.

Sent within the request, a mail would take time, or fail, for addresses that have an account only.
"""

from __future__ import annotations

import uuid

from django.db import transaction
from django_tenants.utils import get_public_schema_name

from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.schema_context import current, inside

KIND = "password_reset"


def enqueue(user: User) -> None:
    """Promise a person of the current schema one mail with a link; each asking is one of its own."""
    key = f"{current()}:{user.pk}:{uuid.uuid4().hex}"
    with inside(get_public_schema_name()), transaction.atomic():
        mail.enqueue(kind=KIND, key=key, to=user.email, language=user.language)
