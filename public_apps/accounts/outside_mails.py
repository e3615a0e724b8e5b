"""How many mails a workspace may have us send, in a day, to addresses of its own choice.

Invitations, reminders, and what asks whether a new address is somebody's own: all go to people who have
never asked us for anything, under our name.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from public_apps.core.errors import Problem
from public_apps.core.rest.throttling import Limit
from public_apps.core.schema_context import current


class OfWorkspace(Limit):
    """All such mails of one workspace, `OUTSIDE_MAILS_PER_DAY` of them."""

    scope = "outside-mails"
    is_told = False

    def who(self, request: Any) -> str:
        return current()


class QuotaSpent(Problem):
    """The workspace has written to as many strangers as it may for a day."""

    slug = "too-many-requests"

    def __init__(self, wait: float | None) -> None:
        super().__init__(
            _(
                "This workspace has sent as many invitations as it may within a day."
                " Please go on tomorrow."
            )
        )
        self.headers = {"Retry-After": str(int(wait or 0) + 1)}


def count_one() -> None:
    """Count a mail that is about to be promised; it counts once the transaction commits.

    Raises `QuotaSpent`.
    """
    limit = OfWorkspace()
    if not limit.allow_request(None, None):
        raise QuotaSpent(limit.wait())
