"""What zip and JSON allow and we do not: refused with our own words, and nothing is left behind."""

from __future__ import annotations

import json
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from public_apps.tenants.archives import manifest
from tests.archives.furnished import members
from tests.archives.tampering import Members, altered, refused, telling
from tests.core.web_stack import WebStack

# What an import rests upon; a sequence's last number is only ever raised.
READ = {"format", "members", "migrations", "tables"}
JUNK: tuple[Any, ...] = (
    None, True, -1, 2**70, 1.5, "", "\0", "x" * 5000, "../..", [], [[]], {}, {"x": {}}, "Ω", "%s",
)  # fmt: skip


def test_pieces_taken_out_doubled_or_swapped_are_refused(
    web_stack: WebStack, archive: Path
) -> None:
    whole, odds = archive.read_bytes(), random.Random(11)  # noqa: S311 - the same cuts each time
    for _turn in range(12):
        first, second, third = sorted(odds.sample(range(len(whole)), 3))
        a, b, c = whole[:first], whole[first:second], whole[second:third]
        rest = whole[third:]
        for spoilt in (a + c + rest, a + b + b + c + rest, a + c + b + rest):
            archive.write_bytes(spoilt)
            refused(archive, ".")


def places(told: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value of a document; of many that are alike, to the first one's."""
    alike = path in {("members",), ("migrations",), ("tables",)} or path[-1:] == ("columns",)
    inner = list(told.items() if isinstance(told, dict) else enumerate(told))
    found = []
    for key, value in inner[:1] if alike else inner:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


def replaced(told: Any, place: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value in one place."""
    if not place:
        return value
    copy = dict(told) if isinstance(told, dict) else list(told)
    copy[place[0]] = replaced(told[place[0]], place[1:], value)
    return copy


def test_junk_in_the_manifest_is_refused(web_stack: WebStack, archive: Path) -> None:
    """Sealed as if by ourselves: what is left to see to it that nothing breaks is the reading."""
    told, odds = json.loads(members(archive, "")["manifest.json"]), random.Random(13)  # noqa: S311
    every = [each for each in places(told) if each[0] in READ and each[-1] != "last"]
    assert len(every) > 12
    for place in odds.sample(every, 5):
        junk = odds.choice(JUNK)

        def spoil(held: Members, place: Any = place, junk: Any = junk) -> None:
            held["manifest.json"] = json.dumps(replaced(told, place, junk)).encode()

        refused(altered(archive, spoil, sealed=True, honest=False), ".")


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"null", b"{", b"[" * 100_000, b'"\xff"', b'{"format": 1}', b'{"format": NaN}'],
    ids=str,
)
def test_a_manifest_that_is_none_is_refused(web_stack: WebStack, archive: Path, raw: bytes) -> None:
    def spoil(held: Members) -> None:
        held["manifest.json"], held["manifest.seal"] = raw, manifest.seal(raw).encode()

    held = members(archive, "")
    spoil(held)
    with zipfile.ZipFile(archive, "w") as other:
        for name, data in held.items():
            other.writestr(name, data)
    refused(archive, ".")


@pytest.mark.parametrize(
    "odd", [{"language": "tlh"}, {"owner_email": "nobody"}, {"name": "x" * 121}, {"name": "a\0b"}]
)
def test_a_workspace_that_can_not_be_is_refused(
    web_stack: WebStack, archive: Path, odd: dict[str, str]
) -> None:
    told = json.loads(members(archive, "")["manifest.json"])["tenant"]
    refused(altered(archive, telling(tenant={**told, **odd}), sealed=True), "Its workspace")


def test_migrations_that_are_not_all_of_a_release_are_refused(
    web_stack: WebStack, archive: Path
) -> None:
    told = json.loads(members(archive, "")["manifest.json"])["migrations"]
    some = [each for each in told if each != ["buildings", "0001_initial"]]
    refused(altered(archive, telling(migrations=some), sealed=True), ".")
    refused(altered(archive, telling(migrations=[]), sealed=True), ".")


def encrypted(raw: bytearray, local: int, central: int) -> None:
    """Say that a member is."""
    raw[local + 6] |= 1
    raw[central + 8] |= 1


def oddly_packed(raw: bytearray, local: int, central: int) -> None:
    """Say that a member is packed in a way that nobody knows."""
    raw[local + 8 : local + 10] = raw[central + 10 : central + 12] = struct.pack("<H", 99)


def overlapping(raw: bytearray, local: int, central: int) -> None:
    """Let a member begin where another does."""
    raw[central + 42 : central + 46] = struct.pack("<I", 0)


def shorter(raw: bytearray, local: int, central: int) -> None:
    """Lie about a member's size."""
    raw[central + 24 : central + 28] = struct.pack("<I", 1)


@pytest.mark.parametrize("trick", [encrypted, oddly_packed, overlapping, shorter])
def test_a_member_that_is_not_what_zip_says_is_refused(
    web_stack: WebStack, archive: Path, trick: Callable[[bytearray, int, int], None]
) -> None:
    name = b"tables/accounts_user.csv"
    plain = altered(archive, telling(), sealed=True)
    raw = bytearray(plain.read_bytes())
    trick(raw, raw.index(name) - 30, raw.rindex(name) - 46)
    plain.write_bytes(raw)
    refused(plain, ".")


def test_a_name_that_is_there_twice_is_refused(web_stack: WebStack, archive: Path) -> None:
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(archive, "a") as opened,
    ):
        opened.writestr("tables/accounts_user.csv", "id,email\n")
    refused(archive, "twice")


def test_a_link_to_a_file_of_ours_is_only_bytes(web_stack: WebStack, archive: Path) -> None:
    link = zipfile.ZipInfo("files/00000000-0000-4000-8000-000000000000-x")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(link, "/etc/passwd")
    refused(archive, "does not hold what its manifest names")
