"""What a schema at head holds: the migrations of this code."""

from __future__ import annotations

import hashlib
import sys
from functools import cache, lru_cache
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

Key = tuple[str, str]  # an app's label, a migration's name
Keys = frozenset[Key]


@cache
def required() -> Keys:
    """Return what every schema's `django_migrations` must hold under this code.

    django-tenants records shared apps' migrations in tenants too, without running them.
    """
    return frozenset(_loader().graph.nodes)


@cache
def known() -> Keys:
    """Return what a schema may hold: squashed migrations leave the names that they replace."""
    loader = _loader()
    replaced = {key for squash in loader.replacements.values() for key in squash.replaces}
    return required() | frozenset(loader.disk_migrations) | frozenset(replaced)


def is_head(applied: Keys) -> bool:
    """Whether a schema that holds these needs nothing, and nothing that this code doesn't know."""
    return required() <= applied <= known()


def is_ahead(applied: Keys) -> bool:
    """Whether a schema lacks nothing and holds more than this code knows: a newer release was here."""
    return required() <= applied and not applied <= known()


@lru_cache(maxsize=64)
def fingerprint(applied: Keys | None = None) -> str:
    """Return a short name of a set of migrations, by default that of this code's head."""
    keys = required() if applied is None else required().intersection(applied)
    names = sorted(f"{app}.{name}" for app, name in keys)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def files() -> list[Path]:
    """Return where this code's migrations are written."""
    modules = {type(migration).__module__ for migration in _loader().disk_migrations.values()}
    return [Path(str(sys.modules[name].__file__)) for name in sorted(modules)]


@cache
def _loader() -> MigrationLoader:
    return MigrationLoader(None)


def beyond(applied: Keys) -> set[str]:
    """Return the names of migrations that a newer release has left behind."""
    return {f"{app}.{name}" for app, name in applied - known()}
