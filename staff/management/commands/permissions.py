"""`manage.py permissions`: keep docs/permissions.md equal to what is declared beside the views."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from public_apps.accounts import permissions
from public_apps.accounts.models import Role

PAGE: Path = settings.BASE_DIR / "docs" / "permissions.md"
HEAD = """\
# Permissions

Who may do what in a workspace. Made by `manage.py permissions` from the code, where a row stands
in its viewset, or in [`accounts/permissions.py`](../public_apps/accounts/permissions.py).

- **all** rows, or only one's **own**, which is the resource's to say (`filter_own`). No row: refused.
- What bears a * takes a person who has signed in: an API key may never do it, whatever its role.
- What every operation answers each of them, and keys, strangers, support and a suspended workspace's
  people, stands in [one table](../tests/unit/tenant_api/matrix.txt), which a test asks cell by cell
  ([how](decisions/tests.md)).
"""


class Command(BaseCommand):
    help = "Write the whole table of permissions to docs/permissions.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only tell whether it is true")

    def handle(self, *args: Any, **options: Any) -> None:
        page = "\n".join([HEAD, *_lines(), ""])
        if not options["check"]:
            PAGE.write_text(page, encoding="utf-8")
            self.stdout.write(f"wrote {PAGE.relative_to(settings.BASE_DIR)}")
        elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            raise CommandError("docs/permissions.md is out of date: run `manage.py permissions`.")


def _lines() -> Iterator[str]:
    yield f"| deed | {' | '.join(role.value for role in Role)} |"
    yield f"| --- |{' --- |' * len(Role)}"
    for operation, scopes in permissions.whole_table():
        mark = "" if permissions.is_open_to_keys(operation) else " *"
        yield f"| `{operation}`{mark} | {' | '.join(scopes[role].value for role in Role)} |"
