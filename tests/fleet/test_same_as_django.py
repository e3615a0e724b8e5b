"""The engine leaves exactly what django-tenants would, whatever the migrations and the beginning."""

from __future__ import annotations

import json
import os

import pytest

from tests.core.web_stack import WebStack

OURS = "config.settings"
# A few prefixes tell most; FLEET_PREFIXES=all takes each, in minutes.
EVERY = os.environ.get("FLEET_PREFIXES") == "all"
WILD = "tests.fleet.wild.settings"  # an operation that is not Django's own
ORCHARD = "tests.fleet.orchard.settings"  # renames, constraints, RunPython, squashes, and more
GAPS = "tests.fleet.orchard.settings_gaps"  # columns that may be empty, and defaults of all kinds
ODD = "tests.fleet.orchard.settings_odd"  # defaults that are objects
SCRIPT = """
import json
from tests.fleet.likeness import Scale
scale = Scale({pg_bin!r})
scale.{check}
print(json.dumps([scale.compared, scale.differences]))
"""


def compare(web_stack: WebStack, settings: str, check: str) -> list[str]:
    """Hold the engine against django-tenants; return what was compared."""
    return run(web_stack, settings, check)[1]


def run(web_stack: WebStack, settings: str, check: str) -> tuple[str, list[str]]:
    """Hold one against the other; return what was said meanwhile, and what was compared."""
    assert web_stack.stack.postgres
    script = SCRIPT.format(pg_bin=str(web_stack.stack.postgres.binaries.folder), check=check)
    environ = {"DJANGO_SETTINGS_MODULE": settings}
    done = web_stack.stack.manage("shell", "-v0", "-c", script, environ=environ, timeout=None)
    assert done.returncode == 0, done.stderr
    compared, differences = json.loads(done.stdout.splitlines()[-1])
    assert differences == []
    return done.stdout + done.stderr, compared


@pytest.mark.parametrize("settings", [OURS, ORCHARD])
def test_a_new_schema_is_the_same_to_the_byte_and_to_the_row(
    web_stack: WebStack, settings: str
) -> None:
    """Built by Django's operations, by the text that these came to, and by whoever is given that."""
    assert compare(web_stack, settings, "new()") == ["by operations", "as text", "as kept text"]


@pytest.mark.timeout(3600 if EVERY else 600)
def test_a_schema_of_an_earlier_release_becomes_the_same(web_stack: WebStack) -> None:
    compared = compare(web_stack, OURS, f"old('-', {999 if EVERY else 2})")
    assert len(compared) > 80 if EVERY else len(compared) == 2 * 2


def test_it_becomes_the_same_after_migrations_that_know_every_trick(web_stack: WebStack) -> None:
    compared = compare(web_stack, ORCHARD, f"old('orchard', {999 if EVERY else 4})")
    assert len(compared) == 2 * (8 if EVERY else 4)


def test_columns_that_may_be_empty_go_as_text_sixteen_tenants_in_one_message(
    web_stack: WebStack,
) -> None:
    assert compare(web_stack, GAPS, "together(16)") == ["canary", *["one of 16"] * 16]


def test_a_default_that_is_an_object_is_asked_in_each_tenant(web_stack: WebStack) -> None:
    assert compare(web_stack, ODD, "together(2)") == ["canary", *["one of 1"] * 2]


def test_an_operation_of_somebodys_runs_in_each_tenant_and_the_others_stay_text(
    web_stack: WebStack,
) -> None:
    compared = compare(web_stack, WILD, "of_somebody()")
    assert compared == ["built: first", "built: next", "migrated", "migrated"]
