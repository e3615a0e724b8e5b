"""What leaving and coming back need of rooms that tenants don't know: each registers itself.

Billing ends subscriptions; a storage keeps archives; whoever keeps rows about people erases them, and
whoever has rows that wait for a job enqueues it anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant


class StepBlocked(Exception):
    """A step can't be done just now; the message says why. It is tried again later."""


@dataclass(frozen=True, kw_only=True)
class ErasureScope:
    """Whose rows are to be erased: the tenant, and addresses of its people."""

    tenant: Tenant
    addresses: frozenset[str]


class ArchiveStorage(Protocol):
    """Keeps tenants' data outside of the database."""

    def store(self, tenant: Tenant) -> str:
        """Keep everything of a closed tenant for good and return where; safe to call again."""

    def forget(self, tenant: Tenant) -> int:
        """Destroy every archive of a tenant, and return how many; safe to call again."""


EndSubscriptions = Callable[[Tenant], None]
LetIn = Callable[[Tenant, str], None]
Erase = Callable[[ErasureScope], int]
TakeUp = Callable[[], None]
_endings: list[EndSubscriptions] = []
_judges: list[LetIn] = []
_erasers: dict[str, Erase] = {}
_storages: list[ArchiveStorage] = []
_takers: list[TakeUp] = []


def ends_subscriptions(end: EndSubscriptions) -> EndSubscriptions:
    """Register how a tenant's subscriptions end at once; it raises `StepBlocked` if they can't."""
    _endings.append(end)
    return end


def readmits(judge: LetIn) -> LetIn:
    """Register who takes our hold on a tenant back, and says whether people may come in again."""
    _judges.append(judge)
    return judge


def erases(what: str) -> Callable[[Erase], Erase]:
    """Register who erases what about people; it returns how many rows, in the caller's transaction."""

    def register(erase: Erase) -> Erase:
        _erasers[what] = erase
        return erase

    return register


def reenqueues(take: TakeUp) -> TakeUp:
    """Register who enqueues what rows of the current schema wait for; it is safe to repeat."""
    _takers.append(take)
    return take


def use_archive_storage(storage: ArchiveStorage) -> None:
    """Let this storage keep archives from now on."""
    _storages[:] = [storage]


def archive_storage() -> ArchiveStorage:
    """Return the storage in use; raise `StepBlocked` while there is none."""
    if not _storages:
        raise StepBlocked("No store for archives is set up.")
    return _storages[0]


def archive_storages() -> Iterable[ArchiveStorage]:
    """Return the storage in use, if there is one."""
    return tuple(_storages)


def end_subscriptions(tenant: Tenant) -> None:
    """See to it that nobody is charged for this tenant any more; raise `StepBlocked` if that fails."""
    for end in _endings:
        end(tenant)


def readmit(tenant: Tenant, *, by: str) -> None:
    """Take our hold on a tenant back, and let its subscription decide."""
    for judge in _judges:
        judge(tenant, by)


def erase(leaving: ErasureScope) -> dict[str, int]:
    """Erase what public keeps about these people; return how many rows of what."""
    return {what: each(leaving) for what, each in sorted(_erasers.items())}


def reenqueue(schema_name: str) -> None:
    """Enqueue what rows of a schema wait for that came from an archive: jobs are not in archives.

    Call it in the transaction that brings the schema into use.
    """
    with inside(schema_name):
        for take in _takers:
            take()
