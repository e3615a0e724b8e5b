"""Archives that somebody has tampered with, and the look at the database before and after."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from public_apps.tenants.archives import importer, manifest
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.offboarding import orphans
from tests.archives.furnished import members, rows

Members = dict[str, bytes]
STATE = """SELECT (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM tenants_tenant),
    (SELECT count(*) FROM tenants_domain), (SELECT count(*) FROM pg_class)"""


@contextmanager
def nothing_left() -> Iterator[None]:
    """Hold the database against itself."""
    before = rows(STATE), orphans.find()
    yield
    assert (rows(STATE), orphans.find()) == before


def spoil(path: Path) -> None:
    """Turn over a bit of what the largest member holds: elsewhere a ZIP has bytes that nobody reads."""
    with zipfile.ZipFile(path) as archive:
        member = max(archive.infolist(), key=lambda each: each.compress_size)
    data = bytearray(path.read_bytes())
    lengths = struct.unpack_from("<HH", data, member.header_offset + 26)  # of its name, and extra
    begins = member.header_offset + 30 + sum(lengths)
    data[begins + member.compress_size // 2] ^= 1
    path.write_bytes(data)


def altered(
    path: Path, change: Callable[[Members], None], *, sealed: bool = False, honest: bool = True
) -> Path:
    """Write an archive anew after a change; its sums right if `honest`, `sealed` as if by ourselves."""
    held = members(path, "")
    change(held)
    if honest:
        _sum_up(held)
    if sealed:
        held["manifest.seal"] = manifest.seal(held["manifest.json"]).encode()
    other = path.with_name("altered.zip")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return other


def _sum_up(held: Members) -> None:
    told = json.loads(held["manifest.json"])
    for name, data in held.items():
        if name in told["members"]:
            told["members"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    held["manifest.json"] = json.dumps(told).encode()


def telling(**changes: Any) -> Callable[[Members], None]:
    """Return a change of the manifest."""

    def change(held: Members) -> None:
        told = {**json.loads(held["manifest.json"]), **changes}
        held["manifest.json"] = json.dumps(told).encode()

    return change


def refused(path: Path, match: str, *, trust: bool = False) -> None:
    """Try it."""
    with nothing_left(), pytest.raises(ArchiveRefused, match=match):
        importer.import_archive(path, label="refused-court", trust=trust)


@contextmanager
def nothing_left_but_a_tenant() -> Iterator[None]:
    """One schema, one row, one domain more; the dump in the archive is for people."""
    (before,) = rows(STATE)
    yield
    (after,) = rows(STATE)
    assert [now - then for now, then in zip(after[:3], before[:3], strict=True)] == [1, 1, 1]
