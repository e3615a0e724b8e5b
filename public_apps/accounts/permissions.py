"""Who may do what in a workspace: one table, looked up for every call. What has no row is refused.

A cell says how far a role reaches: `all` rows, only its `own` (what that means is the resource's
to say), or `-`, nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from public_apps.accounts.models import Role


class Reach(StrEnum):
    """How far a role reaches."""

    ALL = "all"
    OWN = "own"
    NONE = "-"


_TABLE = """
                              owner    manager  staff    resident
files.create                  all      all      all      all
files.retrieve                own      own      own      own
files.destroy                 own      own      own      own
"""


def _parsed(table: str) -> dict[tuple[str, str], Reach]:
    header, *rows = [line.split() for line in table.splitlines() if line.strip()]
    return {
        (deed, role): Reach(cell)
        for deed, *cells in rows
        for role, cell in zip(header, cells, strict=True)
    }


_REACH = _parsed(_TABLE)


def reach(*, role: str, deed: str) -> Reach:
    """Return how far `role` reaches in a deed such as `buildings.create`; unknown ones nowhere."""
    return _REACH.get((deed, role), Reach.NONE)


def deeds() -> frozenset[str]:
    """Return every deed that the table knows."""
    return frozenset(deed for deed, _role in _REACH)


def roles_with(deed: str) -> frozenset[Role]:
    """Return the roles that may do this at all."""
    return frozenset(role for role in Role if reach(role=role, deed=deed) is not Reach.NONE)


def role_of(request: Any) -> str:
    """Return the role in which a request acts: its API key's, or else the signed-in person's."""
    of_key = getattr(getattr(request, "auth", None), "role", "")
    return str(of_key or getattr(request.user, "role", ""))


def reach_of(request: Any, deed: str) -> Reach:
    """Return how far whoever sent this request reaches in a deed."""
    return reach(role=role_of(request), deed=deed)


class MayAct(BasePermission):
    """Lets through what the table allows for the view's `resource` and action."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refuse what has no row. A method that the view doesn't have is left to become a 405."""
        action = getattr(view, "action", None)
        if action is None:
            return True
        deed = f"{view.resource}.{action}"  # type: ignore[attr-defined]  # what Resource declares
        return reach_of(request, deed) is not Reach.NONE
