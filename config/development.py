"""What a checkout may do without a single setting: tests, types, migrations' files, API documents.

docs/decisions/development.md says why no production can meet these values.
"""

from __future__ import annotations

import re
import secrets
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

# Programs that serve nobody. No lock of production holds them, so none can be running there.
TOOLS = frozenset({"pytest", "mypy"})
# Commands that serve nobody and read or write no row.
COMMANDS = frozenset({"makemigrations", "openapi", "permissions"})
# What a process loads before the settings if it is about to serve.
WEB = frozenset({"config.wsgi", "gunicorn"})
LIST = ".env.example"  # every setting, one a line
# Set by platforms, or read by what starts the web, or the beginning of settings' names.
BEGINNINGS = (
    "ANYMAIL_", "ARCHIVE_", "BACKUP_", "CORS_", "CSRF_", "DJANGO_", "EMAIL_", "GUNICORN_",
    "RAILWAY_", "STRIPE_", "TENANT_", "WEB_", "WORKER_",
)  # fmt: skip
# Says which settings module to read, and nothing of what it holds: editors and tools set it.
NEUTRAL = frozenset({"DJANGO_SETTINGS_MODULE"})
# Port 1 is nobody's: whatever would reach for a row is refused at once.
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def completed(
    environ: Mapping[str, str], *, root: Path, argv: Sequence[str], modules: Collection[str]
) -> Mapping[str, str]:
    """Return the environment with the development profile's values, or as it is.

    They are there only if all of this holds: `root` is a checkout, no setting of a production is in
    `environ` (an empty one is one), and this process is a tool or a command that serves nobody.
    """
    if not (_serves_nobody(argv, modules) and _is_checkout(root)):
        return environ
    if not _is_unset(environ, root):
        return environ
    return {
        **environ,
        "DJANGO_DEBUG": "True",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),  # another one in each process
        "DATABASE_URL": NOWHERE,
        "STRIPE_MOCK_MODE": "True",
        "QUICK_PASSWORDS": "True",
    }


def settings_of(root: Path) -> frozenset[str]:
    """Return the name of every setting, as the list in a checkout has them. Raises OSError."""
    return frozenset(re.findall(r"^([A-Z][A-Z0-9_]*)=", (root / LIST).read_text(), re.MULTILINE))


def expect_no_database() -> None:
    """Let `makemigrations` pass over in silence that there are no rows to hold its files against."""
    warnings.filterwarnings(
        "ignore", "Got an error checking a consistent migration history", RuntimeWarning
    )


def _serves_nobody(argv: Sequence[str], modules: Collection[str]) -> bool:
    if not WEB.isdisjoint(modules):
        return False
    if argv and Path(argv[0]).name == "manage.py":
        return len(argv) > 1 and argv[1] in COMMANDS
    # Editors start these by scripts of their own, so it is asked what is loaded, not its name.
    return not TOOLS.isdisjoint(modules)


def _is_checkout(root: Path) -> bool:
    return (root / ".git").exists()  # a file in a worktree


def _is_unset(environ: Mapping[str, str], root: Path) -> bool:
    try:
        listed = settings_of(root)
    except OSError:
        return False
    return not any(
        name in listed or (name.startswith(BEGINNINGS) and name not in NEUTRAL) for name in environ
    )
