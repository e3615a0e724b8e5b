"""Archives that are damaged, altered, foreign or hostile: refused, and nothing is left behind."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from public_apps.tenants.archives import importing, manifest
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.lifecycle import orphans
from tests.archives.furnished import members, rows
from tests.core.ground import Ground

Members = dict[str, bytes]
STATE = """SELECT (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM tenants_tenant),
    (SELECT count(*) FROM tenants_domain), (SELECT count(*) FROM pg_class)"""


@contextmanager
def nothing_left() -> Iterator[None]:
    """Hold the database against itself."""
    before = rows(STATE), orphans.find()
    yield
    assert (rows(STATE), orphans.find()) == before


def altered(path: Path, change: Callable[[Members], None], *, sealed: bool = False) -> Path:
    """Write an archive anew after a change, its sums right; `sealed` as if by ourselves."""
    held = members(path, "")
    change(held)
    told = json.loads(held["manifest.json"])
    for name, data in held.items():
        if name in told["members"]:
            told["members"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    held["manifest.json"] = json.dumps(told).encode()
    if sealed:
        held["manifest.seal"] = manifest.seal(held["manifest.json"]).encode()
    other = path.with_name("altered.zip")
    with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return other


def telling(**changes: Any) -> Callable[[Members], None]:
    """Return a change of the manifest."""

    def change(held: Members) -> None:
        told = {**json.loads(held["manifest.json"]), **changes}
        held["manifest.json"] = json.dumps(told).encode()

    return change


def refused(path: Path, match: str, *, trust: bool = False) -> None:
    """Try it."""
    with nothing_left(), pytest.raises(ArchiveRefused, match=match):
        importing.import_archive(path, label="refused-court", trust=trust)


def test_a_part_of_an_archive_or_none_is_refused(ground: Ground, archive: Path) -> None:
    whole = archive.read_bytes()
    for length in (0, 1, 1000, len(whole) // 2, len(whole) - 1):
        archive.write_bytes(whole[:length])
        refused(archive, ".")
    archive.write_bytes(b"CREATE TABLE x();" * 1000)
    refused(archive, "no archive")


def test_a_flipped_bit_is_refused_wherever_it_matters(ground: Ground, archive: Path) -> None:
    whole, odds = archive.read_bytes(), random.Random(7)  # noqa: S311 - the same bits each time
    told = members(archive, "")
    for _each in range(60):
        at = odds.randrange(len(whole))
        damaged = bytearray(whole)
        damaged[at] ^= 1 << odds.randrange(8)
        archive.write_bytes(damaged)
        try:
            same = members(archive, "") == told
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
            same = False
        if not same:  # a bit of a time stamp changes nothing
            refused(archive, ".")


def test_an_altered_archive_is_refused_though_its_sums_are_right(
    ground: Ground, archive: Path
) -> None:
    def promote(held: Members) -> None:
        held["data/accounts_user.copy"] = held["data/accounts_user.copy"].replace(
            b"eleni", b"mallo"
        )

    refused(altered(archive, promote), "not written by this installation")


def test_a_bomb_is_refused_before_it_goes_off(ground: Ground, archive: Path) -> None:
    def swell(held: Members) -> None:
        held["data/accounts_user.copy"] = b"\0" * 100_000_000

    refused(altered(archive, swell), "not written")
    refused(altered(archive, swell), "beyond all measure", trust=True)

    def lie(held: Members) -> None:
        held["manifest.json"] = b"0" * 70_000_000

    held = members(archive, "")
    lie(held)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bomb:
        for name, data in held.items():
            bomb.writestr(name, data)
    refused(archive, "too large")


@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/x", "/etc/passwd", "files/../../x", "data/a.copy/../b", "data\\x", "dump/x"],
)
def test_a_name_that_leads_elsewhere_is_refused(ground: Ground, archive: Path, name: str) -> None:
    def add(held: Members) -> None:
        held[name] = b"* * * * * root rm -rf /"

    refused(altered(archive, add, sealed=True), "No archive of ours holds", trust=True)


def test_sql_in_names_and_rows_is_never_executed(ground: Ground, archive: Path) -> None:
    told = json.loads(members(archive, "")["manifest.json"])
    evil = 'x" ; DROP SCHEMA public CASCADE; --'
    tables = [{**told["tables"][0], "name": evil}, *told["tables"][1:]]
    refused(altered(archive, telling(tables=tables), sealed=True), "tables are not those")
    first = told["tables"][0]
    tables = [{**first, "columns": [*first["columns"], evil]}, *told["tables"][1:]]
    refused(altered(archive, telling(tables=tables), sealed=True), "other columns")

    def smuggle(held: Members) -> None:
        held["data/accounts_user.copy"] += b"\\.\nDROP SCHEMA public CASCADE;\n"

    refused(altered(archive, smuggle, sealed=True), "do not fit|not what|does not hold|rows")

    def replace_dump(held: Members) -> None:
        held["dump/schema.dump"] = b"DROP SCHEMA public CASCADE;"

    with nothing_left_but_a_tenant():
        importing.import_archive(altered(archive, replace_dump, sealed=True), label="dumped-court")


@contextmanager
def nothing_left_but_a_tenant() -> Iterator[None]:
    """One schema, one row, one domain more; the dump in the archive is for people."""
    (before,) = rows(STATE)
    yield
    (after,) = rows(STATE)
    assert [now - then for now, then in zip(after[:3], before[:3], strict=True)] == [1, 1, 1]


def test_what_a_newer_release_wrote_is_refused(ground: Ground, archive: Path) -> None:
    told = json.loads(members(archive, "")["manifest.json"])
    refused(altered(archive, telling(format=2), sealed=True), "format")
    newer = [*told["migrations"], ["accounts", "0999_from_the_future"]]
    refused(altered(archive, telling(migrations=newer), sealed=True), "newer")


def test_rows_that_break_a_rule_of_the_database_are_refused(ground: Ground, archive: Path) -> None:
    def orphan(held: Members) -> None:
        held["data/files_storedfile.copy"] = b""

    refused(altered(archive, orphan, sealed=True), "do not fit")


def test_a_count_that_is_wrong_is_refused(ground: Ground, archive: Path) -> None:
    told = json.loads(members(archive, "")["manifest.json"])
    tables = [{**each, "rows": each["rows"] + 1} for each in told["tables"]]
    refused(altered(archive, telling(tables=tables), sealed=True), "rows and not")
