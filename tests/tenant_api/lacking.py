"""What a resource of the tenant API, or an app of a workspace, still lacks: a sentence a piece."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps
from django.conf import settings
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from devstack.processes import ROOT
from public_apps.accounts import navigation, permissions
from public_apps.accounts.models import Role
from public_apps.accounts.permissions import Scope, scope_for
from tests.tenant_api import derived
from tests.tenant_api.derived import BODIES, NotDerivable
from tests.tenant_api.endpoints import Endpoint
from tests.tenant_api.objects import OBJECTS
from tests.unit.test_translations import ENTRIES, asked_in_code, asked_in_templates

ROWS = "tests/tenant_api/sample_workspace.py"
DOCUMENT, TYPES = "docs/openapi/tenant.yaml", "clients/typescript/src/tenant.d.ts"
MAKE = "run `.venv/bin/python -m devstack.generated`."
MIGRATE = "run `.venv/bin/python manage.py makemigrations"
# Rows that `operations.path` knows otherwise, or that are of public's tables.
NO_ROW = frozenset({"audit", "deletion", "sample", "statements", "subdomain", "workspace"})
# Files have no page of their own: they are shown where they are attached.
NO_PAGE = frozenset({"files"})


def lacking(known: list[Endpoint]) -> Iterator[str]:
    """Yield what is missing, where, and what it should say."""
    yield from _apps()
    yield from _migrations()
    yield from _permissions(known)
    yield from _rows(known)
    yield from _descriptions(known)
    yield from _bodies()
    yield from _greek()
    yield from _tests(known)


# --- Apps -----------------------------------------------------------------------------------------


def _apps() -> Iterator[str]:
    for folder in sorted((ROOT / "tenant_apps").iterdir()):
        name = folder.name
        if not (folder / "__init__.py").exists():
            continue
        if f"tenant_apps.{name}" not in settings.TENANT_APPS:
            yield f"{name}: nobody knows the app; add it to TENANT_APPS in config/settings.py."
        elif (folder / "models.py").exists() and not (folder / "migrations").exists():
            yield f"{name}: no migration; {MIGRATE} {name}`."
        if not (folder / "urls.py").exists() and name not in NO_PAGE:
            yield f"{name}: no page; add tenant_apps/{name}/urls.py, or the app to NO_PAGE in {_here()}."
        elif not _is_led_to(name):
            yield f"{name}: no way leads there; call navigation.add_page in tenant_apps/{name}/urls.py."


@cache
def _migrations() -> tuple[str, ...]:
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    return tuple(
        f"{app}: its models are ahead of its migrations; {MIGRATE} {app}`."
        for app in detector.changes(graph=loader.graph)
    )


def _is_led_to(app: str) -> bool:
    """Whether the navigation leads to a page of an app."""
    urls = ROOT / "tenant_apps" / app / "urls.py"
    return not urls.exists() or any(
        f'"{each.name}"' in urls.read_text() for each in navigation.items()
    )


def _here() -> str:
    return Path(__file__).relative_to(ROOT).as_posix()


# --- Permissions ----------------------------------------------------------------------------------


def _permissions(known: list[Endpoint]) -> Iterator[str]:
    done = {each.operation for each in known}
    lost: dict[str, list[str]] = defaultdict(list)
    for operation in sorted(done - permissions.operations()):
        resource, _dot, action = operation.partition(".")
        lost[resource].append(action)
    for resource, actions in lost.items():
        where = _declared_where(resource)
        yield f"{resource}: no permission rows for {', '.join(actions)}; add them in {where}."
    for operation in sorted(permissions.operations() - done):
        yield f"`{operation}` has a row of permissions, and no view of config/urls_tenant.py does it."


def _declared_where(resource: str) -> str:
    viewset = derived.resources().get(resource)
    if viewset is None or not viewset.__module__.startswith("tenant_apps."):
        return "PERMISSIONS (public_apps/accounts/permissions.py)"
    return f"`permissions` of {viewset.__name__} ({viewset.__module__.replace('.', '/')}.py)"


# --- What the suites need -------------------------------------------------------------------------


def _rows(known: list[Endpoint]) -> Iterator[str]:
    about_a_row = [each for each in known if each.is_about_a_row]
    by_hand = words_in(ROWS)
    made = {name for name, _viewset in derived.plain()}
    for resource in sorted({each.resource for each in about_a_row} - NO_ROW - made - by_hand):
        yield f'{resource}: no row to look at; have {ROWS} make fixtures["{resource}"].'
    for resource in sorted(made - by_hand):
        yield from _unless_derivable(f"{resource}_create", resource)
    own = {
        each.resource
        for each in about_a_row
        if scope_for(role=Role.RESIDENT, operation=each.operation) is Scope.OWN
    }
    for resource in sorted(own - set(OBJECTS)):
        yield f"{resource}: tests/tenant_api/objects.py names no row of Anna's and none that isn't."


def _unless_derivable(operation: str, resource: str) -> Iterator[str]:
    try:
        derived.model_of(derived.resources()[resource])
        derived.body(operation, resource, mark="mark", number=1, row_of=lambda _name: 1)
    except NotDerivable as missing:
        yield str(missing)


def _bodies() -> Iterator[str]:
    by_hand = words_in(BODIES)
    for route, methods in document().items():
        for method, said in methods.items():
            name = said["operationId"]
            if route.startswith("/api/") and "requestBody" in said and name not in by_hand:
                resource = route.split("/")[2]
                plain = {f"{resource}_create", f"{resource}_partial_update"}
                if name in plain and resource in derived.resources():
                    yield from _unless_derivable(name, resource)
                else:
                    yield f"{resource}: no body for {method.upper()} {route}; add `{name}` to {BODIES}."


@cache
def words_in(path: str) -> frozenset[str]:
    """Return every text that stands in a module by itself: keys of what it fills."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


# --- What is made, what is said, what is proven ---------------------------------------------------


def _descriptions(known: list[Endpoint]) -> Iterator[str]:
    described = {
        (route.split("/")[2], method.upper())
        for route, methods in document().items()
        for method in methods
    }
    types = (ROOT / TYPES).read_text()
    undescribed: dict[str, list[str]] = defaultdict(list)
    for each in known:
        if (each.route.split("/")[1], each.method) not in described:
            undescribed[each.resource].append(f"{each.method} /{each.route}")
    for resource, addresses in undescribed.items():
        yield f"{resource}: {DOCUMENT} tells of no {', '.join(addresses)}; {MAKE}"
    for resource in sorted(
        {route.split("/")[2] for route in document() if route.startswith("/api/")}
    ):
        if f'"/api/{resource}/' not in types:
            yield f"{resource}: {TYPES} has no types of it; {MAKE}"


@cache
def document() -> dict[str, Any]:
    """Return the paths of the tenant API's document."""
    paths: dict[str, Any] = yaml.load((ROOT / DOCUMENT).read_text(), yaml.CSafeLoader)["paths"]
    return paths


@cache
def _greek() -> tuple[str, ...]:
    untranslated: dict[str, list[str]] = defaultdict(list)
    for message, place in (*asked_in_code("tenant_apps"), *asked_in_templates()):
        parts = place.removeprefix("templates/tenant/").removeprefix("tenant_apps/").split("/")
        if message not in ENTRIES and place.startswith(("tenant_apps/", "templates/tenant/")):
            untranslated[parts[0]].append(f"“{message}”")
    return tuple(
        f"{app}: no Greek in locale/el/LC_MESSAGES/django.po for {', '.join(dict.fromkeys(messages))}."
        for app, messages in untranslated.items()
    )


def _tests(known: list[Endpoint]) -> Iterator[str]:
    for resource in sorted({each.route.split("/")[1] for each in known}):
        if f"/api/{resource}/" not in _tests_of_all():
            yield f"{resource}: no test asks /api/{resource}/; write one in tests/unit/tenant_apps/."


@cache
def _tests_of_all() -> str:
    return "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("*.py")))
