"""Whether the files that pages need were collected: without them every page would answer 500."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin
from django.core.files.storage import storages


def refuse_without() -> None:
    """End the process with one sentence if it would serve pages that can't be rendered."""
    if _goes_by_manifest() and not _manifest().is_file():
        sys.exit(f"New Concierge does not start: {_not_collected()}")


def problem() -> str:
    """Return in one sentence what is wrong with the collected files; nothing if all is well."""
    if not _goes_by_manifest():
        return ""
    if not _manifest().is_file():
        return _not_collected()
    root, served = Path(settings.STATIC_ROOT), _storage().hashed_files
    if new := [path for path in _sources() if path not in served]:
        return f"STATIC_ROOT {root} is of other code: it lacks {len(new)} files, such as {new[0]}."
    if lost := [name for name in served.values() if not (root / name).is_file()]:
        return f"STATIC_ROOT {root} lacks {len(lost)} of {len(served)} files, such as {lost[0]}."
    return ""


def _storage() -> Any:
    return storages["staticfiles"]


def _goes_by_manifest() -> bool:
    return isinstance(_storage(), ManifestFilesMixin)


def _manifest() -> Path:
    return Path(settings.STATIC_ROOT) / ManifestFilesMixin.manifest_name


def _not_collected() -> str:
    return (
        f"STATIC_ROOT {settings.STATIC_ROOT} holds no {ManifestFilesMixin.manifest_name}, so every "
        "page would answer 500: run “manage.py collectstatic --noinput” when a release is built."
    )


def _sources() -> list[str]:
    return [path for finder in get_finders() for path, _storage in finder.list(())]
