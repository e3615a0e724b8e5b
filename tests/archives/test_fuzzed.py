"""Archives that are damaged, altered, foreign or hostile: refused, and nothing is left behind."""

from __future__ import annotations

import json
import random
import zipfile
import zlib
from pathlib import Path

import pytest

from public_apps.tenants.archives import importer
from tests.archives.furnished import members
from tests.archives.tampering import (
    Members,
    altered,
    nothing_left_but_a_tenant,
    refused,
    telling,
)
from tests.core.web_stack import WebStack


def test_a_part_of_an_archive_or_none_is_refused(web_stack: WebStack, archive: Path) -> None:
    whole = archive.read_bytes()
    for length in (0, 1, 1000, len(whole) // 2, len(whole) - 1):
        archive.write_bytes(whole[:length])
        refused(archive, ".")
    archive.write_bytes(b"CREATE TABLE x();" * 1000)
    refused(archive, "no archive")


def test_a_flipped_bit_is_refused_wherever_it_matters(web_stack: WebStack, archive: Path) -> None:
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
    web_stack: WebStack, archive: Path
) -> None:
    def promote(held: Members) -> None:
        held["data/accounts_user.copy"] = held["data/accounts_user.copy"].replace(
            b"eleni", b"mallo"
        )

    refused(altered(archive, promote), "not written by this installation")


def test_a_bomb_is_refused_before_it_goes_off(web_stack: WebStack, archive: Path) -> None:
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
def test_a_name_that_leads_elsewhere_is_refused(
    web_stack: WebStack, archive: Path, name: str
) -> None:
    def add(held: Members) -> None:
        held[name] = b"* * * * * root rm -rf /"

    refused(altered(archive, add, sealed=True), "No archive of ours holds", trust=True)


def test_sql_in_names_and_rows_is_never_executed(web_stack: WebStack, archive: Path) -> None:
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
        importer.import_archive(altered(archive, replace_dump, sealed=True), label="dumped-court")


def test_what_a_newer_release_wrote_is_refused(web_stack: WebStack, archive: Path) -> None:
    told = json.loads(members(archive, "")["manifest.json"])
    refused(altered(archive, telling(format=2), sealed=True), "format")
    newer = [*told["migrations"], ["accounts", "0999_from_the_future"]]
    refused(altered(archive, telling(migrations=newer), sealed=True), "newer")


def test_rows_that_break_a_rule_of_the_database_are_refused(
    web_stack: WebStack, archive: Path
) -> None:
    def orphan(held: Members) -> None:
        held["data/files_storedfile.copy"] = b""

    refused(altered(archive, orphan, sealed=True), "do not fit")


def test_a_count_that_is_wrong_is_refused(web_stack: WebStack, archive: Path) -> None:
    told = json.loads(members(archive, "")["manifest.json"])
    tables = [{**each, "rows": each["rows"] + 1} for each in told["tables"]]
    refused(altered(archive, telling(tables=tables), sealed=True), "rows and not")
