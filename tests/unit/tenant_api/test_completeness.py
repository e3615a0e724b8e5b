"""What a resource of the tenant API still lacks: a sentence a piece, before any suite looks for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import yaml

from devstack.processes import ROOT
from public_apps.accounts import permissions
from public_apps.accounts.models import Role
from public_apps.accounts.permissions import Scope, scope_for
from tests.tenant_api.endpoints import Endpoint, endpoints
from tests.tenant_api.objects import OBJECTS

ROWS, BODIES = "tests/tenant_api/sample_workspace.py", "tests/tenant_api/operations.py"
DOCUMENT = "docs/openapi/tenant.yaml"
# Rows that `operations.path` knows otherwise, or that are of public's tables.
NO_ROW = frozenset({"audit", "deletion", "sample", "statements", "subdomain", "workspace"})


def words_in(path: str) -> set[str]:
    """Return every text that stands in a module by itself: keys of what it fills."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def lacking(known: list[Endpoint]) -> Iterator[str]:
    """Yield what is missing, where, and what it should say."""
    operations = permissions.operations()
    for operation in sorted({each.operation for each in known} - operations):
        yield f"`{operation}` has no row in PERMISSIONS (public_apps/accounts/permissions.py)."
    for operation in sorted(operations - {each.operation for each in known}):
        yield f"`{operation}` has a row in PERMISSIONS, and no view of config/urls_tenant.py does it."
    rows = words_in(ROWS)
    for resource in sorted({each.resource for each in known if each.is_about_a_row} - NO_ROW):
        if resource not in rows:
            yield f'`{resource}` has no row to look at: {ROWS} makes none (fixtures["{resource}"]).'
    own = {
        each.resource
        for each in known
        if each.is_about_a_row
        and scope_for(role=Role.RESIDENT, operation=each.operation) is Scope.OWN
    }
    for resource in sorted(own - set(OBJECTS)):
        yield f"`{resource}`: tests/tenant_api/objects.py names no row of Anna's and none that isn't."
    yield from _undescribed(known)


def _undescribed(known: list[Endpoint]) -> Iterator[str]:
    paths = yaml.load((ROOT / DOCUMENT).read_text(), yaml.CSafeLoader)["paths"]
    described = {
        (route.split("/")[2], method.upper()) for route in paths for method in paths[route]
    }
    for each in known:
        if (each.route.split("/")[1], each.method) not in described:
            yield f"{DOCUMENT} tells of no {each.method} /{each.route}: run `manage.py openapi`."
    bodies = words_in(BODIES)
    for route, methods in paths.items():
        for method, said in methods.items():
            if route.startswith("/api/") and "requestBody" in said:
                name = said["operationId"]
                if name not in bodies:
                    yield f"{BODIES} has no body to send for {method.upper()} {route}: `{name}`."


def test_no_resource_lacks_anything_that_the_suites_need() -> None:
    missing = [*lacking(endpoints())]
    assert missing == [], "\n".join(missing)


def test_what_a_new_resource_lacks_is_said_a_sentence_each() -> None:
    new = [
        Endpoint("suppliers", action, method, f"api/suppliers/{row}")
        for action, method, row in (
            ("list", "GET", ""),
            ("create", "POST", ""),
            ("retrieve", "GET", "<int:pk>/"),
        )
    ]
    said = [*lacking([*endpoints(), *new])]
    assert len(said) == 7, said
    assert all("suppliers" in sentence for sentence in said)
    assert {path for path in (ROWS, DOCUMENT) if any(path in sentence for sentence in said)} == {
        ROWS,
        DOCUMENT,
    }
