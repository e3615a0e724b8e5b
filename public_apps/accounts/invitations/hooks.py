"""What other apps do when somebody joins; they register it, for accounts knows none of them."""

from __future__ import annotations

from collections.abc import Callable

from public_apps.accounts.models import Invitation, User

Joined = Callable[[Invitation, User], None]
_joined: list[Joined] = []


def when_accepted(listener: Joined) -> Joined:
    """Register what is done with an accepted invitation and its new member, in one transaction."""
    _joined.append(listener)
    return listener


def accepted(invitation: Invitation, member: User) -> None:
    """Let everybody who registered act; what one of them raises undoes the acceptance."""
    for listener in _joined:
        listener(invitation, member)
