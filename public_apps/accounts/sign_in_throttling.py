"""Tries at a password, at a measured pace: strangers are slowed down, the owner is not shut out.

Three counts: by address (a client that tries many accounts), by address and account (somebody who
guesses), and by account from all addresses together, so high that only a botnet meets it. Whoever
has signed in from an address lately is not held up there by that last one.
"""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from public_apps.core.client_address import network_of
from public_apps.core.errors import TooManyRequests
from public_apps.core.rest.throttling import Limit


class OfAddress(Limit):
    """Whatever account it is that a client tries."""

    scope = "sign-in"


class OfAccount(Limit):
    """One account, as one client tries it."""

    scope = "sign-in-account"
    is_told = False

    def __init__(self, account: str) -> None:
        super().__init__()
        # An address of any length, in a table that is no place for people's addresses.
        self.account = hashlib.sha256(account.encode()).hexdigest()

    def who(self, request: Any) -> str:
        return f"{network_of(request)}_{self.account}"


class OfAccountAnywhere(OfAccount):
    """One account, whoever tries it."""

    scope = "sign-in-anywhere"

    def who(self, request: Any) -> str:
        return self.account


class Attempt:
    """One try at an account's password, counted as a failure until it is rolled back."""

    def __init__(self, request: HttpRequest, *, account: str) -> None:
        self.request = request
        self.account = account.strip().lower()
        self._counted: list[Limit] = []

    def begin(self) -> Attempt:
        """Count it. Raises `errors.TooManyRequests` if it is one too many."""
        for limit in (OfAddress(), OfAccount(self.account), OfAccountAnywhere(self.account)):
            if limit.allow_request(self.request, None):
                self._counted.append(limit)
            elif not (isinstance(limit, OfAccountAnywhere) and self._is_from_home()):
                self.rollback()
                raise TooManyRequests(wait=limit.wait())
        return self

    def forget(self) -> None:
        """Begin anew with this account: whoever it belongs to has proven it otherwise."""
        for limit in (OfAccount(self.account), OfAccountAnywhere(self.account)):
            limit.forget(self.request)

    def rollback(self) -> None:
        """Take it back: it was no failure, or was not let through."""
        while self._counted:
            self._counted.pop().refund()

    def _is_from_home(self) -> bool:
        """Whether somebody is signed in to this account from where the request comes."""
        address = self.request.META.get("REMOTE_ADDR", "")
        at_home = UserSession.objects.filter(user__email__iexact=self.account, ip=address)
        return bool(at_home.exists())
