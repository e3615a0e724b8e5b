"""Who may do what in a workspace: looked up for every call. What has no row is refused.

A cell says how far a role reaches: `all` rows, only its `own` (what that means is the resource's
to say), or `-`, nothing. Here are the rows of what every workspace has: people, keys, domains, money.
The viewsets of tenant apps declare their own; docs/permissions.md shows all of them as one table.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
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
subscription.retrieve         all      -        -        -
subscription.change_plan      all      -        -        -
subscription.cancel           all      -        -        -
subscription.resume           all      -        -        -
subscription.open_portal      all      -        -        -
subscription.begin_again      all      -        -        -
subscription.name_contact     all      -        -        -
invoices.list                 all      -        -        -
invoices.links                all      -        -        -
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
    subscription.open_portal subscription.begin_again subscription.name_contact
    invoices.list invoices.links
    audit.list
    """.split()  # noqa: SIM905 - a list of words, read as one
)


# What takes somebody who has shown within minutes who they are. Asking for the end of the workspace
# takes the password itself.
_CONFIRMED = frozenset(
    {"exports.create", "exports.link", "keys.create", "members.transfer_ownership"}
)

_SCOPES: dict[tuple[str, str], Scope] = {}


def declare(table: str, *, resource: str = "") -> None:
    """Add rows; those of a resource bear its name, and have its actions alone in the first column.

    Raises `ImproperlyConfigured` for a row that can't be read, and for one that is there already.
    """
    header, *rows = [line.split() for line in table.splitlines() if line.strip()]
    if set(header) != set(Role):
        raise ImproperlyConfigured(
            f"{resource}: its permissions begin with {header}: name the roles."
        )
    for action, *cells in rows:
        operation = f"{resource}.{action}" if resource else action
        if len(cells) != len(header) or not set(cells) <= set(Scope):
            raise ImproperlyConfigured(f"{operation}: its row needs all, own or - for each role.")
        if (operation, header[0]) in _SCOPES:
            raise ImproperlyConfigured(f"{operation}: it has two rows of permissions.")
        for role, cell in zip(header, cells, strict=True):
            _SCOPES[operation, role] = Scope(cell)


declare(PERMISSIONS)


@cache
def _load_declarations() -> None:
    """Import all views of a workspace: what a viewset declares is known once it is imported."""
    import_module(settings.TENANT_URLCONF)


def scope_for(*, role: str, operation: str) -> Scope:
    """Return how far `role` reaches in a deed such as `buildings.create`; unknown ones nowhere."""
    _load_declarations()
    return _SCOPES.get((operation, role), Scope.NONE)


def operations() -> frozenset[str]:
    """Return every deed that has a row."""
    _load_declarations()
    return frozenset(operation for operation, _role in _SCOPES)


def whole_table() -> Iterator[tuple[str, dict[Role, Scope]]]:
    """Yield every row, by name."""
    for operation in sorted(operations()):
        yield operation, {role: _SCOPES[operation, role] for role in Role}


def is_open_to_keys(operation: str) -> bool:
    """Whether an API key may do this at all."""
    return operation not in _FOR_PEOPLE_ONLY


def must_be_confirmed(operation: str) -> bool:
    """Whether this takes a password or a code, given within minutes."""
    return operation in _CONFIRMED


def is_api_key(request: Any) -> bool:
    """Whether a machine sent this request, by an API key."""
    return bool(getattr(getattr(request, "auth", None), "role", ""))


def request_role(request: Any) -> str:
    """Return the role in which a request acts: its API key's, or else the signed-in person's."""
    of_key = getattr(getattr(request, "auth", None), "role", "")
    return str(of_key or getattr(request.user, "role", ""))


def request_scope(request: Any, operation: str) -> Scope:
    """Return how far whoever sent this request reaches in a deed."""
    if is_api_key(request) and not is_open_to_keys(operation):
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
