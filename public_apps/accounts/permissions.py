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


class Scope(StrEnum):
    """How far a role reaches."""

    ALL = "all"
    OWN = "own"
    NONE = "-"


PERMISSIONS = """
                              owner    manager  staff    resident
workspace.retrieve            all      all      all      all
workspace.partial_update      all      -        -        -
members.list                  all      all      all      own
members.retrieve              all      all      all      own
members.partial_update        all      all      -        -
members.deactivate            all      all      own      own
members.reactivate            all      all      -        -
members.transfer_ownership    all      -        -        -
invitations.list              all      all      -        -
invitations.retrieve          all      all      -        -
invitations.create            all      all      -        -
invitations.resend            all      all      -        -
invitations.revoke            all      all      -        -
keys.list                     all      own      own      own
keys.retrieve                 all      own      own      own
keys.create                   own      own      own      own
keys.revoke                   all      own      own      own
files.create                  all      all      all      all
files.retrieve                own      own      own      own
files.destroy                 own      own      own      own
announcements.list            all      all      all      own
announcements.retrieve        all      all      all      own
announcements.create          all      all      all      -
announcements.partial_update  all      all      own      -
announcements.destroy         all      all      own      -
announcements.mark_read       all      all      all      own
requests.list                 all      all      all      own
requests.retrieve             all      all      all      own
requests.create               all      all      all      own
requests.partial_update       all      all      all      own
requests.move                 all      all      all      own
requests.assign               all      all      all      -
requests.history              all      all      all      own
requests.comments             all      all      all      own
requests.comment              all      all      all      own
requests.attach               all      all      all      own
requests.attachment           all      all      all      own
votes.list                    all      all      all      own
votes.retrieve                all      all      all      own
votes.create                  all      all      -        -
votes.partial_update          all      all      -        -
votes.destroy                 all      all      -        -
votes.close                   all      all      -        -
votes.ballots                 all      all      own      own
votes.cast                    all      all      own      own
votes.results                 all      all      own      own
buildings.list                all      all      all      own
buildings.retrieve            all      all      all      own
buildings.create              all      all      -        -
buildings.partial_update      all      all      -        -
buildings.destroy             all      all      -        -
buildings.import_apartments   all      all      -        -
apartments.list               all      all      all      own
apartments.retrieve           all      all      all      own
apartments.create             all      all      -        -
apartments.partial_update     all      all      -        -
apartments.destroy            all      all      -        -
residencies.list              all      all      all      own
residencies.retrieve          all      all      all      own
residencies.create            all      all      -        -
residencies.partial_update    all      all      -        -
residencies.destroy           all      all      -        -
work.list                     all      all      -        -
work.retrieve                 all      all      -        -
periods.list                  all      all      all      own
periods.retrieve              all      all      all      own
periods.create                all      all      -        -
periods.destroy               all      all      -        -
periods.preview               all      all      -        -
periods.issue                 all      all      -        -
periods.close                 all      all      -        -
expenses.list                 all      all      all      own
expenses.retrieve             all      all      all      own
expenses.attachment           all      all      all      own
expenses.create               all      all      -        -
expenses.partial_update       all      all      -        -
expenses.destroy              all      all      -        -
expenses.reverse              all      all      -        -
charges.list                  all      all      -        own
charges.retrieve              all      all      -        own
charges.correct               all      all      -        -
payments.list                 all      all      -        own
payments.retrieve             all      all      -        own
payments.create               all      all      -        -
payments.reverse              all      all      -        -
balances.list                 all      all      -        own
statements.retrieve           all      all      -        own
deletion.retrieve             all      -        -        -
deletion.create               all      -        -        -
deletion.destroy              all      -        -        -
exports.list                  all      -        -        -
exports.retrieve              all      -        -        -
exports.create                all      -        -        -
exports.link                  all      -        -        -
domains.list                  all      -        -        -
domains.retrieve              all      -        -        -
domains.create                all      -        -        -
domains.destroy               all      -        -        -
domains.verify                all      -        -        -
domains.make_primary          all      -        -        -
subdomain.retrieve            all      -        -        -
subdomain.create              all      -        -        -
subdomain.make_primary        all      -        -        -
sample.retrieve               all      all      all      -
sample.create                 all      -        -        -
sample.destroy                all      -        -        -
subscription.retrieve         all      -        -        -
subscription.change_plan      all      -        -        -
subscription.cancel           all      -        -        -
subscription.resume           all      -        -        -
subscription.open_portal      all      -        -        -
subscription.begin_again      all      -        -        -
invoices.list                 all      -        -        -
audit.list                    all      -        -        -
"""

# What an API key may never do, whatever its role: that takes a person who has signed in.
_FOR_PEOPLE_ONLY = frozenset(
    """
    workspace.partial_update
    members.partial_update members.deactivate members.reactivate members.transfer_ownership
    invitations.create invitations.resend invitations.revoke
    keys.list keys.retrieve keys.create keys.revoke
    domains.create domains.destroy domains.verify domains.make_primary
    subdomain.create subdomain.make_primary deletion.create deletion.destroy
    exports.create exports.link
    subscription.retrieve subscription.change_plan subscription.cancel subscription.resume
    subscription.open_portal subscription.begin_again invoices.list audit.list
    """.split()  # noqa: SIM905 - a list of words, read as one
)


def _parsed(table: str) -> dict[tuple[str, str], Scope]:
    header, *rows = [line.split() for line in table.splitlines() if line.strip()]
    return {
        (operation, role): Scope(cell)
        for operation, *cells in rows
        for role, cell in zip(header, cells, strict=True)
    }


_SCOPES = _parsed(PERMISSIONS)


def scope_for(*, role: str, operation: str) -> Scope:
    """Return how far `role` reaches in a deed such as `buildings.create`; unknown ones nowhere."""
    return _SCOPES.get((operation, role), Scope.NONE)


def operations() -> frozenset[str]:
    """Return every deed that the table knows."""
    return frozenset(operation for operation, _role in _SCOPES)


def roles_with(operation: str) -> frozenset[Role]:
    """Return the roles that may do this at all."""
    return frozenset(
        role for role in Role if scope_for(role=role, operation=operation) is not Scope.NONE
    )


def is_api_key(request: Any) -> bool:
    """Whether a machine sent this request, by an API key."""
    return bool(getattr(getattr(request, "auth", None), "role", ""))


def request_role(request: Any) -> str:
    """Return the role in which a request acts: its API key's, or else the signed-in person's."""
    of_key = getattr(getattr(request, "auth", None), "role", "")
    return str(of_key or getattr(request.user, "role", ""))


def request_scope(request: Any, operation: str) -> Scope:
    """Return how far whoever sent this request reaches in a deed."""
    if is_api_key(request) and operation in _FOR_PEOPLE_ONLY:
        return Scope.NONE
    return scope_for(role=request_role(request), operation=operation)


class HasWorkspacePermission(BasePermission):
    """Lets through what the table allows for the view's operation."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Refuse what has no row. A method that the view doesn't have is left to become a 405."""
        self.message = getattr(view, "refusal", None)
        operation = operation_of(view)
        return operation is None or request_scope(request, operation) is not Scope.NONE


def operation_of(view: Any) -> str | None:
    """Return what a view does: what its `operation` says, or its `resource` with the action."""
    if named := getattr(view, "operation", None):
        return str(named)
    action = getattr(view, "action", None)
    return None if action is None else f"{view.resource}.{action}"
