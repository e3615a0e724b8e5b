"""Whose a store is: it bears a mark, and whoever finds another's mark in it touches nothing there.

A copy of a database has its original's identity. So the mark tells where the original works as
well: its base domain, its PostgreSQL server and its database there.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from public_apps.core import clock
from public_apps.core.schema_context import in_public
from public_apps.tenants import database_place
from public_apps.tenants.archives.store_types import NoStore, NotKept, Store
from public_apps.tenants.archives.stores import store
from public_apps.tenants.models import Installation

KEY = "installation/mark.json"


class NotOurs(NoStore):
    """The store is another installation's, or our original's; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Whose a store is, since when, and whether somebody said so or we came first."""

    installation: str
    base_domain: str
    server: str  # empty where our role may not ask
    database: str
    at: str
    by_hand: bool = False

    @property
    def since(self) -> datetime:
        """When the store was marked so."""
        return datetime.fromisoformat(self.at)

    def is_same_place(self, other: Mark) -> bool:
        """Whether both were made by one installation, at work in the same place."""
        servers = {self.server, other.server} - {""}
        return len(servers) < 2 and (self.installation, self.base_domain, self.database) == (
            other.installation, other.base_domain, other.database,
        )  # fmt: skip


def own_store() -> Store:
    """Return the store, marked as ours if it bore no mark. Raises `NotOurs` and `NoStore`."""
    kept = store()
    mark_of(kept)
    return kept


def mark_of(kept: Store) -> Mark:
    """Return our mark in a store, made now if it bore none. Raises `NotOurs` and `NoStore`."""
    ours = _here()
    found = _read(kept)
    if found is None:
        _write(kept, ours)
        found = _read(kept)  # another may have come first
    if found is None or not found.is_same_place(ours):
        raise NotOurs(_refusal(found, ours))
    return found


def claim(of: str) -> Mark | None:
    """Mark the store as ours from now on, with all that is in it; return whose it was, if anybody's.

    Raises `NotOurs` unless `of` is the base domain of whoever has it: ours, if nobody has.
    """
    kept, ours = store(), _here(by_hand=True)
    try:
        found = _read(kept)
    except NotOurs:
        found = None
    owner = found.base_domain if found else ours.base_domain
    if of != owner:
        raise NotOurs(f"ARCHIVE_STORE {settings.ARCHIVE_STORE} belongs to {owner}: name that one.")
    _write(kept, ours)
    return found


def _here(*, by_hand: bool = False) -> Mark:
    with in_public():
        place = database_place.here()
        return Mark(
            installation=str(Installation.objects.get().identity),
            base_domain=settings.TENANT_BASE_DOMAIN,
            server=place.server,
            database=place.database,
            at=clock.now().isoformat(),
            by_hand=by_hand,
        )


def _read(kept: Store) -> Mark | None:
    with tempfile.TemporaryDirectory(prefix="mark-") as folder:
        path = Path(folder) / "mark.json"
        try:
            kept.fetch(KEY, path)
            return Mark(**json.loads(path.read_text()))
        except NotKept:
            return None
        except (ValueError, TypeError) as error:
            raise NotOurs(
                f"{KEY} in ARCHIVE_STORE can't be read. If the store is ours: "
                f"manage.py backup --claim {settings.TENANT_BASE_DOMAIN}"
            ) from error


def _write(kept: Store, mark: Mark) -> None:
    with tempfile.TemporaryDirectory(prefix="mark-") as folder:
        path = Path(folder) / "mark.json"
        path.write_text(json.dumps(asdict(mark), indent=1))
        kept.put(KEY, path)


def _refusal(found: Mark | None, ours: Mark) -> str:
    whose = found or ours
    return (
        f"ARCHIVE_STORE {settings.ARCHIVE_STORE} belongs to the installation at {whose.base_domain} "
        f"(database {whose.server}/{whose.database}); this one is at {ours.base_domain} (database "
        f"{ours.server}/{ours.database}), so nothing in it is touched. A copy needs a store of its "
        "own. If this is that installation, moved or restored: "
        f"manage.py backup --claim {whose.base_domain}"
    )
