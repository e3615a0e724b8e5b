"""A checkout without a single setting is enough for a developer's tools, and for nothing that serves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from devstack import environment
from devstack.processes import ROOT

PURE_TEST = "tests/unit/core/test_patterns.py"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", PURE_TEST)
MAKEMIGRATIONS = ("manage.py", "makemigrations", "--check", "--dry-run")
SETTINGS = "from config import settings; print(settings.SECRET_KEY)"
# What a production starts, and what else reads or writes rows.
SERVING: dict[str, tuple[str, ...]] = {
    "the web": ("-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi:application"),
    "the web after pytest was loaded": (
        "-c", "import pytest, config.wsgi",
    ),
    "the worker": ("manage.py", "worker"),
    "the release": ("manage.py", "migrate_fleet"),
    "Django's own migrate": ("manage.py", "migrate"),
    "Django's own server": ("manage.py", "runserver", "--noreload", "127.0.0.1:0"),
    "the build": ("manage.py", "collectstatic", "--noinput", "--dry-run"),
    "a shell": ("manage.py", "shell", "-c", "print(1)"),
    "a check": ("manage.py", "check"),
    "a program of somebody's": ("-c", SETTINGS),
    "the module django": ("-m", "django", "makemigrations", "--settings", "config.settings"),
}  # fmt: skip
# One setting of a production is enough: an empty one shows that somebody meant to give it.
GIVEN: dict[str, dict[str, str]] = {
    "debug is off": {"DJANGO_DEBUG": "False"},
    "debug is on": {"DJANGO_DEBUG": "True", "DATABASE_URL": "mysql://db/x"},
    "a database": {"DATABASE_URL": "postgresql://concierge:word@127.0.0.1:9/concierge"},
    "a key": {"STRIPE_SECRET_KEY": "sk_test_" + "a" * 24},
    "an empty secret": {"DJANGO_SECRET_KEY": ""},
    "a port": {"PORT": "8000"},
    "Railway": {"RAILWAY_ENVIRONMENT_NAME": "production"},
}


def run(
    arguments: tuple[str, ...], *, root: Path = ROOT, given: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Start Python with these arguments in an environment without a setting but `given`."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**environment.without_settings(os.environ), **(given or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as a platform unpacks it: without `.git`."""
    unpacked = tmp_path_factory.mktemp("deployed") / "code"
    shutil.copytree(
        ROOT,
        unpacked,
        ignore=shutil.ignore_patterns(
            ".*_cache", ".git", ".venv", "__pycache__", "node_modules", "var", "clients", "docs"
        ),
    )
    return unpacked


@pytest.mark.parametrize(
    "arguments",
    [PYTEST, MAKEMIGRATIONS, ("manage.py", "openapi", "--check"), ("-m", "mypy", "config/env.py")],
    ids=["pytest", "makemigrations", "openapi", "mypy"],
)
def test_a_tool_needs_no_setting_in_a_checkout(arguments: tuple[str, ...]) -> None:
    done = run(arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stderr


@pytest.mark.parametrize("what", SERVING)
def test_what_serves_refuses_to_start_in_a_checkout_whose_settings_were_forgotten(
    what: str,
) -> None:
    refused = run(SERVING[what])
    assert refused.returncode != 0
    assert "New Concierge does not start: DJANGO_SECRET_KEY is missing" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("what", GIVEN)
def test_one_setting_of_a_production_ends_the_profile(what: str) -> None:
    refused = run(MAKEMIGRATIONS, given=GIVEN[what])
    assert refused.returncode != 0
    (sentence,) = refused.stderr.splitlines()
    assert sentence.startswith("New Concierge does not start: ")


def test_a_tool_refuses_where_code_was_deployed_without_its_history(deployed: Path) -> None:
    refused = run(MAKEMIGRATIONS, root=deployed)
    assert refused.returncode != 0
    assert "DJANGO_SECRET_KEY is missing" in refused.stderr

    (deployed / ".git").mkdir()
    assert run(MAKEMIGRATIONS, root=deployed).returncode == 0


def test_a_good_production_is_judged_by_its_own_settings_even_when_a_tool_runs() -> None:
    given = {**environment.production_like(), "DATABASE_URL": "postgresql://u:w@127.0.0.1:9/x"}
    told = run(("-c", f"import pytest; {SETTINGS}"), given=given)
    assert told.stdout.strip() == given["DJANGO_SECRET_KEY"]


def test_the_made_up_secret_is_another_one_in_each_process() -> None:
    first, second = (run(("-c", f"import pytest; {SETTINGS}")).stdout.strip() for _ in range(2))
    assert len(first) >= 40
    assert first != second
