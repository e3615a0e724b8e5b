"""Password or code once more, before what can't be undone or gives everything away.

A sign-in counts for `REAUTHENTICATION_MINUTES`, and so does allauth's own way to confirm who it is:
`POST /_allauth/app/v1/auth/reauthenticate` for programs, `/accounts/reauthenticate/` for browsers.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from public_apps.core.errors import Problem


class ConfirmIdentity(Problem):
    """Whoever asks has to show once more that it is they."""

    slug = "confirm-identity"

    def __init__(self) -> None:
        super().__init__(
            _("Please give your password or a one-time code once more, then ask again.")
        )


def is_recent(request: Any) -> bool:
    """Whether whoever asks has given a password or a code within minutes."""
    # By token, the API has found the session itself; it is not the cookie's.
    by_token = getattr(request, "auth", None)
    session = by_token if isinstance(by_token, SessionBase) else request.session
    records = get_authentication_records(SimpleNamespace(session=session), request.user)
    if not records:
        return False
    return bool(time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def check(request: Any) -> None:
    """Raise `ConfirmIdentity` unless whoever asks has shown lately who they are."""
    if not is_recent(request):
        raise ConfirmIdentity


def asked(request: HttpRequest) -> HttpResponseRedirect:
    """Lead to the page that asks for the password, and back to the page that was asked for."""
    back = urlencode({REDIRECT_FIELD_NAME: request.path})
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{back}")
