"""Who acts, looked at once more when a write begins: what a request was judged by may be over by then.

A request waits: for a lock, for a slot, for its body. Whoever was let go meanwhile, or has another
role, must not do what they might have done before. So every write begins with `hold`: it reads who
acts anew and keeps them so until its transaction ends. Who dismisses them waits for that, or is
waited for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from public_apps.accounts import members_lock
from public_apps.accounts.permissions import is_api_key
from public_apps.core.errors import Forbidden

# Their actions take the members' lock: whoever holds a person first and waits for it then, waits
# for somebody who may wait for that person.
OF_PEOPLE = ("members.", "invitations.")
# Not `FOR SHARE`: signing in writes into this row as well, and need not wait.
PERSON = "SELECT is_active, role FROM accounts_user WHERE id = %s FOR KEY SHARE"
KEY = "SELECT revoked_at FROM accounts_apikey WHERE id = %s FOR KEY SHARE"


@contextmanager
def held(request: Any, operation: str) -> Iterator[None]:
    """Do something in one transaction, by somebody who may do it to its end; raises as `hold`."""
    with transaction.atomic():
        hold(request, operation)
        yield


def hold(request: Any, operation: str) -> None:
    """Keep whoever acts as they are until the transaction ends.

    Raises `errors.Forbidden` if they are not what the request was judged by: let go, in another
    role, or acting by a key that was revoked.
    """
    if operation.startswith(OF_PEOPLE):
        members_lock.hold()
    machine = request.auth if is_api_key(request) else None
    judged = machine.person_role if machine else request.user.role
    if _row(PERSON, request.user.pk) != (True, judged):
        raise Forbidden(_("What you may do here has changed a moment ago."))
    if machine and _row(KEY, machine.key.pk) != (None,):
        raise Forbidden(_("This key was revoked a moment ago."))


def _row(query: str, pk: int) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(query, [pk])
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found
