"""Reading an archive that somebody hands us: proven member by member before anything is done.

Nothing of it is ever written to a path that it names, and none of its SQL is executed: the dump is
for people with `pg_restore`.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from public_apps.tenants.archives import manifest
from public_apps.tenants.archives.manifest import ArchiveRefused, Manifest, MemberFacts

PIECE = 256 * 1024
LARGEST_MANIFEST = 64 * 1024 * 1024
MEMBER = re.compile(
    r"dump/schema\.dump|data/[a-z0-9_]{1,63}\.copy|tables/[a-z0-9_]{1,63}\.csv"
    r"|files/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-(?!\.)[\w.() -]{1,100}"
)
# What a stranger's archive may grow to: ours need no bound, for their sizes are sealed.
MOST_TIMES, AND_BYTES = 100, 16 * 1024 * 1024
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)


class OpenArchive:
    """An archive whose manifest is read; `check` proves the rest."""

    def __init__(self, archive: zipfile.ZipFile, made: Manifest) -> None:
        self._archive = archive
        self.manifest = made

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a member's bytes. Raises `ArchiveRefused` at its end if they are not as told."""
        told = self.manifest.members.get(name)
        if told is None:
            raise ArchiveRefused(f"It lacks {name}.")
        yield from _pieces(self._archive, name, told)

    def check(self) -> None:
        """Read everything once, and raise `ArchiveRefused` if a byte is not as told."""
        for name in self.manifest.members:
            for _piece in self.pieces(name):
                pass


@contextmanager
def opened(path: Path, *, trust: bool = False) -> Iterator[OpenArchive]:
    """Open an archive and prove all of it. Raises `ArchiveRefused`.

    `trust` takes one that was sealed with another key; damage is refused all the same.
    """
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise ArchiveRefused("It is no archive, or only a part of one.") from error
    with archive:
        found = OpenArchive(archive, _manifest(archive, path, trust=trust))
        found.check()
        yield found


def _manifest(archive: zipfile.ZipFile, path: Path, *, trust: bool) -> Manifest:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise ArchiveRefused("A name is in it twice.")
    if not {manifest.NAME, manifest.SEAL} <= set(names):
        raise ArchiveRefused("It has no manifest.")
    for name in set(names) - {manifest.NAME, manifest.SEAL}:
        if not MEMBER.fullmatch(name):
            raise ArchiveRefused(f"No archive of ours holds {name[:80]!r}.")
    raw = _whole(archive, manifest.NAME)
    sealed = manifest.is_ours(raw, _whole(archive, manifest.SEAL).decode(errors="replace"))
    if not sealed and not trust:
        raise ArchiveRefused("It was not written by this installation, or it was altered.")
    made = manifest.read(raw)
    sizes = {info.filename: info.file_size for info in infos}
    told = {name: member.size for name, member in made.members.items()}
    if told != {name: sizes[name] for name in sizes if name not in (manifest.NAME, manifest.SEAL)}:
        raise ArchiveRefused("It does not hold what its manifest names.")
    if not sealed and sum(told.values()) > MOST_TIMES * path.stat().st_size + AND_BYTES:
        raise ArchiveRefused("It would grow beyond all measure.")
    return made


def _whole(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as member:
            raw = member.read(LARGEST_MANIFEST + 1)
    except (*DAMAGED, RuntimeError) as error:
        raise ArchiveRefused(f"{name} is damaged.") from error
    if len(raw) > LARGEST_MANIFEST:
        raise ArchiveRefused(f"{name} is too large.")
    return raw


def _pieces(archive: zipfile.ZipFile, name: str, told: MemberFacts) -> Iterator[bytes]:
    digest, left = hashlib.sha256(), told.size
    try:
        with archive.open(name) as member:
            while piece := member.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise ArchiveRefused(f"{name} is longer than told.")
                digest.update(piece)
                yield piece
    except (*DAMAGED, RuntimeError) as error:
        raise ArchiveRefused(f"{name} is damaged.") from error
    if left or digest.hexdigest() != told.sha256:
        raise ArchiveRefused(f"{name} is not what it was.")
