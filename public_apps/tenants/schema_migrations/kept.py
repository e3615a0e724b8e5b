"""What building a schema from nothing came to as text, kept in a folder for processes that come later.

Working it out takes a process seconds, most of them for models rendered after each operation. A file
is for exactly one code: its name is made of all that may shape the text, and so a stale one is never
read. What can't be read, or was cut short, counts as not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import django
import structlog
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connection

from public_apps.tenants.schema_migrations import head
from public_apps.tenants.schema_migrations.head import Key

log = structlog.get_logger(__name__)
Texts = Mapping[Key, str]
# Settings that a text depends on: what lives in a tenant, from which modules, and how columns are made.
SHAPING = (
    "SHARED_APPS", "TENANT_APPS", "MIGRATION_MODULES", "AUTH_USER_MODEL", "DEFAULT_AUTO_FIELD",
    "DEFAULT_TABLESPACE", "DEFAULT_INDEX_TABLESPACE", "USE_TZ",
)  # fmt: skip


def recall() -> Texts:
    """Return the kept text of each migration that has one; nothing without a folder or a file."""
    path = _path()
    if path is None:
        return {}
    try:
        return _whole(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as reason:
        log.warning("kept texts of migrations are unreadable", path=str(path), reason=str(reason))
        return {}


def keep(texts: Texts) -> None:
    """Leave texts to later processes of the same code, if there is a folder that takes them."""
    path = _path()
    if path is None:
        return
    rows = sorted((app, name, text) for (app, name), text in texts.items())
    half = path.with_suffix(f".{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"sum": _sum(rows), "steps": rows}, file)
        half.rename(path)
    except OSError as reason:
        log.warning("texts of migrations cannot be kept", path=str(path), reason=str(reason))


def _whole(found: Any) -> Texts:
    rows = [(str(app), str(name), str(text)) for app, name, text in found["steps"]]
    if found["sum"] != _sum(rows):
        raise ValueError("its sum is another one")
    return {(app, name): text for app, name, text in rows}


def _path() -> Path | None:
    if not settings.PLAN_TEXTS:
        return None
    server = connection.pg_version  # type: ignore[attr-defined]  # PostgreSQL's connection has one
    return Path(settings.PLAN_TEXTS) / f"{_code()}-{server}.json"


def _sum(rows: list[tuple[str, str, str]]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


@cache
def _code() -> str:
    """Return a name of all code that migrations may use: Django, the apps and their settings."""
    digest = hashlib.sha256(f"{django.get_version()} {head.fingerprint()}".encode())
    for name in SHAPING:
        digest.update(f"\n{name} {getattr(settings, name)}".encode())
    for config in apps.get_app_configs():
        digest.update(f"\n{config.name} {config.label}\n".encode())
        for path in _sources(config):
            digest.update(path.read_bytes())
    for path in head.files():  # a setting may have them elsewhere than in their app
        digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _sources(config: AppConfig) -> Iterator[Path]:
    """Yield the code of an app; Django's own is known by its version."""
    if not config.name.startswith("django."):
        yield from sorted(Path(config.path).rglob("*.py"))
