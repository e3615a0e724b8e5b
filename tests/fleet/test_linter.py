"""bin/test refuses a migration that the code of before could not live with."""

from __future__ import annotations

import re
import subprocess
import sys

from devstack.processes import ROOT
from tests.core.web_stack import WebStack

HASTY = "tests.fleet.hasty.settings"


def test_each_migration_that_old_code_could_not_live_with_is_named_and_no_other(
    web_stack: WebStack,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devstack.lint_migrations"],
        cwd=ROOT,
        env={**web_stack.stack.env, "DJANGO_SETTINGS_MODULE": HASTY},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    named = dict(re.findall(r"^\((\w+, \w+)\)\.\.\. ERR\n\t(.+)$", done.stdout, re.MULTILINE))
    assert {
        name.removeprefix("hasty, "): re.split(r" ?\(", why)[0] for name, why in named.items()
    } == {
        "0003_no_default_beside_a_good_one": "NOT NULL without a default in the database",
        "0004_column_dropped": "DROPPING columns",
        "0005_column_renamed": "RENAMING columns",
        "0006_table_renamed": "RENAMING tables",
        "0007_check_on_old_columns": "ADDING a check on columns that old code writes",
        "0008_unique": "ADDING unique constraint",
        "0009_made_not_null": "NOT NULL without a default in the database",
        "0010_model_of_today": "'add_group': Could not find an 'apps.get_model",
        "0011_table_dropped": "DROPPING table",
    }
