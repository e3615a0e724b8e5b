"""What an archive says of itself, sealed: nobody without our secret key can have written it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

FORMAT = 1
NAME, SEAL = "manifest.json", "manifest.seal"
DUMP = "dump/schema.dump"


class ArchiveRefused(Exception):
    """This archive is not taken; the message says why. Nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """One table as it was archived; `last` is the last number that its sequence gave."""

    name: str
    columns: tuple[str, ...]
    rows: int
    last: int | None


@dataclass(frozen=True, kw_only=True)
class MemberFacts:
    """One member of the archive."""

    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything that is checked before and after the archive is read."""

    format: int
    app: str
    made_at: str
    postgres: int
    schema: str
    tenant: dict[str, str]
    migrations: tuple[tuple[str, str], ...]
    tables: tuple[TableFacts, ...]
    # Whether people can sign in after a restore; a customer's own archive has nothing for that.
    credentials: bool = True
    members: dict[str, MemberFacts] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Return it as it lies in the archive."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False).encode()


def read(raw: bytes) -> Manifest:
    """Return what was written. Raises `ArchiveRefused` for anything else."""
    try:
        told = json.loads(raw)
        if told["format"] != FORMAT:
            raise ArchiveRefused(
                f"Its format is {told['format']!r}, and this release reads {FORMAT}."
            )
        return _parsed(told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ArchiveRefused("Its manifest can't be read.") from error


def seal(raw: bytes) -> str:
    """Return the seal of a manifest's bytes."""
    return _sealed(raw, settings.SECRET_KEY)


def is_ours(raw: bytes, told: str) -> bool:
    """Whether this seal was made with our secret key, or one that we had before."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(_sealed(raw, str(key)), told) for key in keys)


def _sealed(raw: bytes, key: str) -> str:
    return salted_hmac("tenant archive", raw, secret=key, algorithm="sha256").hexdigest()


def _parsed(told: Mapping[str, Any]) -> Manifest:
    return Manifest(
        format=FORMAT,
        app=str(told["app"]),
        made_at=str(told["made_at"]),
        postgres=int(told["postgres"]),
        schema=str(told["schema"]),
        tenant={str(name): str(value) for name, value in told["tenant"].items()},
        migrations=tuple((str(app), str(name)) for app, name in told["migrations"]),
        tables=tuple(
            TableFacts(
                name=str(each["name"]),
                columns=tuple(map(str, each["columns"])),
                rows=int(each["rows"]),
                last=None if each["last"] is None else int(each["last"]),
            )
            for each in told["tables"]
        ),
        credentials=bool(told.get("credentials", True)),
        members={
            str(name): MemberFacts(size=int(each["size"]), sha256=str(each["sha256"]))
            for name, each in told["members"].items()
        },
    )
