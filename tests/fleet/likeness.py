"""Whether the engine leaves what django-tenants would: whole dumps are compared, data included.

It runs in a process of its own, under the settings of one product or another. By hand:
`manage.py shell -c "from tests.fleet.likeness import Scale; print(Scale('<bin>').old('-', 999))"`.
"""

from __future__ import annotations

import difflib
import re
import secrets
import subprocess

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from public_apps.core.schema_context import inside, to_public
from public_apps.tenants import schema_creation
from public_apps.tenants.models import Tenant
from public_apps.tenants.rollout import workers
from public_apps.tenants.schema_migrations import applied, head, kept, plan
from public_apps.tenants.schema_migrations import executor as run

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00")
RANDOM = re.compile(r"^\\(un)?restrict .*$", re.MULTILINE)
TENANTS = {config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS}
Key = tuple[str, str]


class Scale:
    """Weighs schemas of both makes. `differences` is empty when all were alike."""

    def __init__(self, pg_bin: str) -> None:
        self._pg_bin = pg_bin
        self.compared: list[str] = []
        self.differences: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.in_steps: list[str] = []

    def new(self) -> None:
        """Compare schemas built from nothing: by operations, and by the text that they left.

        "As kept text" is what a later process does, which gets the text and renders little.
        """
        theirs = self._by_django_tenants(new_schema())
        whole = plan.compile_plan(first := new_schema())
        for title, schema_name in (("by operations", first), ("as text", new_schema())):
            with transaction.atomic():
                run.build(schema_name, whole)
            self._weigh(title, self._finish(schema_name), theirs)
        assert len(whole.texts) > len(whole.steps) / 2
        later = plan.compile_plan(schema_name := new_schema(), texts=whole.texts)
        with transaction.atomic():
            run.build(schema_name, later)
        self._weigh("as kept text", self._finish(schema_name), theirs)

    def old(self, label: str, how_many: int) -> None:
        """Compare schemas of earlier releases, brought to head, after so many different migrations.

        Those of the app `label`, or with a dash those of all apps that live in tenants.
        """
        keys = _keys()
        ends = [
            number
            for number, (app, _name) in enumerate(keys, start=1)
            if app == label or (label == "-" and app in TENANTS)
        ]
        every = max(1, len(ends) // how_many)
        for end in ends[::every][:how_many]:
            self._from(keys[:end])

    def strange(self, *cases: str) -> None:
        """Compare new schemas of apps with odd histories: a first one, and one by what that has left."""
        for case in cases:
            know_no_other(case)
            self.built(case)

    def built(self, title: str) -> None:
        """Compare two schemas that are built as the pool builds them, one after the other."""
        theirs = self._by_django_tenants(new_schema())
        for turn in ("first", "next"):
            tenant = schema_creation.build_tenant()
            Tenant.objects.filter(pk=tenant.pk).delete()
            self._weigh(f"{title}: {turn}", self._finish(tenant.schema_name), theirs)
        (whole,) = schema_creation._from_nothing
        self.texts[title] = sorted(".".join(key) for key in whole.texts)
        if whole.needs_transactions:
            self.in_steps.append(title)

    def of_somebody(self) -> None:
        """Compare what becomes of a new and of two old schemas by an operation that is not Django's."""
        self.built("built")
        before = _by_django_up_to(_keys()[:-1])
        others, theirs = [self._copy_of(before) for _ in range(2)], self._copy_of(before)
        self._finish(before)
        whole = plan.compile_plan(others[0])
        tasks = [workers.Task(schema_name=name, plan=whole, settled=False) for name in others]
        for canary, task in zip((True, False), tasks, strict=True):
            (outcome,) = workers.InProcess([task], canaries=canary)
            assert outcome.error == ""
        expected = self._by_django_tenants(theirs)
        for name in others:
            self._weigh("migrated", self._finish(name), expected)

    def together(self, how_many: int, *, label: str = "orchard", after: int = 1) -> None:
        """Compare schemas that are brought to head in one message, after a canary went the long way.

        They lack what comes `after` so many migrations of the app `label`.
        """
        later = [key for key in _keys() if key[0] == label][after:]
        before = _by_django_up_to([key for key in _keys() if key not in later])
        canary, other, *followers = (self._copy_of(before) for _ in range(how_many + 2))
        self._finish(before)
        whole = plan.compile_plan(canary)
        run.migrate(canary, whole, done=whole.applied, settled=True, canary=True)
        theirs = self._by_django_tenants(other)
        self._weigh("canary", self._finish(canary), theirs)
        tasks = [workers.Task(schema_name=name, plan=whole, settled=True) for name in followers]
        for batch in workers.batches(tasks):
            assert [outcome.error for outcome in workers.do_together(batch)] == [""] * len(batch)
            for task in batch:
                self._weigh(f"one of {len(batch)}", self._finish(task.schema_name), theirs)

    def _from(self, keys: list[Key]) -> None:
        before = _by_django_up_to(keys)
        # All from a copy: PostgreSQL writes some constraints otherwise once they were restored.
        canary, follower, other = (self._copy_of(before) for _ in range(3))
        self._finish(before)
        whole = plan.compile_plan(canary)
        theirs = self._by_django_tenants(other)
        for title, schema_name in (("canary", canary), ("follower", follower)):
            is_canary = title == "canary"
            run.migrate(schema_name, whole, done=whole.applied, settled=False, canary=is_canary)
            assert head.is_head(applied.applied(schema_name))
            self._weigh(f"{title} after {keys[-1]}", self._finish(schema_name), theirs)

    def _by_django_tenants(self, schema_name: str) -> str:
        """Bring a schema to head with the library's own command."""
        by_django_tenants(schema_name)
        return self._finish(schema_name)

    def _dump(self, schema_name: str) -> str:
        command = [f"{self._pg_bin}/pg_dump", "-n", schema_name, str(settings.DATABASE_URL)]
        dumped = subprocess.run(command, capture_output=True, text=True, check=True)
        return str(dumped.stdout)

    def _copy_of(self, schema_name: str) -> str:
        """Make another schema that is the same."""
        name = _unused_name()
        command = [
            f"{self._pg_bin}/psql",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            str(settings.DATABASE_URL),
        ]
        text = self._dump(schema_name).replace(schema_name, name)
        subprocess.run(command, input=text, stdout=subprocess.DEVNULL, text=True, check=True)
        return name

    def _finish(self, schema_name: str) -> str:
        """Return what a schema holds, without its name and its times; the schema goes."""
        text = self._dump(schema_name).replace(schema_name, "<schema>")
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{schema_name}" CASCADE')
        return RANDOM.sub("", TIME.sub("<time>", text))

    def _weigh(self, title: str, ours: str, theirs: str) -> None:
        self.compared.append(title)
        self.differences += difflib.unified_diff(
            theirs.splitlines(), ours.splitlines(), "django-tenants", title, "", "", 1, ""
        )


def _keys() -> list[Key]:
    """Return all migrations in the order of a first release, as nobody had squashed any."""
    graph = MigrationLoader(None, replace_migrations=False).graph
    leaves = graph.leaf_nodes()
    keys = dict.fromkeys(key for leaf in leaves for key in graph.forwards_plan(leaf))
    return [key for key in keys if not graph.nodes[key].replaces]


def know_no_other(case: str) -> None:
    """Have the app `strange` another history from here on; a process knows one of each app."""
    know_history(f"tests.fleet.strange.cases.{case}.migrations")


def know_history(module: str) -> None:
    """Have the app `strange` the history of this module from here on."""
    settings.MIGRATION_MODULES = {"strange": module}
    for remembered in (head.required, head.known, head.fingerprint, head._loader, kept._code):
        remembered.cache_clear()
    schema_creation._from_nothing.clear()


def _unused_name() -> str:
    return f"t_{secrets.token_hex(12)}"


def by_django_tenants(schema_name: str) -> None:
    """Bring a schema to head with the library's own command."""
    call_command(
        "migrate_schemas", tenant=True, schema_name=schema_name, interactive=False, verbosity=0
    )
    to_public()


def new_schema() -> str:
    name = _unused_name()
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{name}"')
    return name


def _by_django_up_to(keys: list[Key]) -> str:
    """Make a schema as an earlier release left it, which knew only these migrations."""
    schema_name = new_schema()
    with inside(schema_name):
        MigrationRecorder(connection).ensure_schema()
        executor = MigrationExecutor(connection)
        executor.loader = MigrationLoader(connection, replace_migrations=False)
        executor.check_replacements = lambda: None  # type: ignore[method-assign]  # nobody had squashed
        steps = [(executor.loader.graph.nodes[key], False) for key in keys]
        state = executor.migrate([], plan=steps)
        state.clear_delayed_apps_cache()
        emit_post_migrate_signal(0, False, connection.alias, apps=state.apps, plan=steps)
    to_public()
    return schema_name
