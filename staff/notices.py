"""Telling a colleague by mail what another one changed in their account: the address, factor, password.

Who gets into one account of the admin must not take over others unheard. A new address is told to the
old one as well, for the new one may be the intruder's.
"""

from __future__ import annotations

import uuid
from enum import StrEnum

from django.conf import settings
from django.urls import reverse

from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail

KIND = "staff_notice"


class Occasion(StrEnum):
    """What was changed."""

    ADDRESS = "address"
    SECOND_FACTOR = "second_factor"
    PASSWORD_LINK = "password_link"  # noqa: S105 - a word
    PASSWORD = "password"  # noqa: S105 - a word


def enqueue(occasion: Occasion, *, colleague: User, by: User | None, also_to: str = "") -> None:
    """Promise a colleague a word on what somebody changed; nobody is told of their own deeds.

    Without `by` it was done by whoever holds the colleague's link or session: that is told always.
    """
    if by is not None and by.pk == colleague.pk and occasion is not Occasion.ADDRESS:
        return
    author = by.pk if by else ""
    for address in dict.fromkeys(filter(None, (colleague.email, also_to))):
        key = f"{colleague.pk}:{occasion}:{author}:{uuid.uuid4().hex}"
        mail.enqueue(kind=KIND, key=key, to=address, language=colleague.language)


@mail.composes(KIND)
def compose(outgoing: OutgoingMail) -> Content:
    """Say what was changed, by whom and when. Raises `User.DoesNotExist`: nobody found is a failure."""
    pk, occasion, author, _unique = outgoing.key.split(":")
    colleague = User.objects.get(pk=pk)
    by = User.objects.get(pk=author).email if author else ""
    return Content(
        template="staff_notice",
        context={
            "name": colleague.get_short_name(),
            "email": colleague.email,
            "occasion": occasion,
            "by": by,
            "at": outgoing.created_at,
            "url": f"{settings.SITE_URL}{reverse('admin:login', urlconf='config.urls_public')}",
        },
    )
