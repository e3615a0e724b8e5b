"""A pooler that shares sessions between clients shows one tenant's rows to another: we don't start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import psycopg
import pytest

from devstack import environment
from devstack.processes import ROOT
from tests.config.pooler import Pooler, pooler
from tests.core.web_stack import as_built

PROGRAMS = {
    "a check": ("manage.py", "check"),
    "the worker": ("manage.py", "worker"),
    "a release": ("manage.py", "migrate_fleet"),
    "an operator's command": ("manage.py", "tenant", "list"),
    "the web": ("-m", "config.gunicorn_start", "--bind", "127.0.0.1:0"),
}


@pytest.fixture
def shared() -> Iterator[Pooler]:
    """A pooler in transaction mode before the tests' database."""
    with pooler(os.environ["DATABASE_URL"], "transaction") as made:
        yield made


def run(url: str, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of our programs with a production's settings and this database."""
    given = {**environment.without_settings(os.environ), **environment.production_like()}
    with TemporaryDirectory() as built:
        given |= {"DATABASE_URL": url, "STATIC_ROOT": as_built(Path(built))}
        return subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=given,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )


def test_the_pooler_of_these_tests_does_what_makes_such_poolers_dangerous(shared: Pooler) -> None:
    """What one client has set, another finds; and the first has lost it."""
    with (
        psycopg.connect(shared.url, autocommit=True) as one,
        psycopg.connect(shared.url, autocommit=True) as other,
    ):
        one.execute("SET search_path TO t_somebody")
        with other.transaction():
            assert other.execute("SHOW search_path").fetchone() == ("t_somebody",)
            assert one.execute("SHOW search_path").fetchone() != ("t_somebody",)


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_starts_where_sessions_are_shared(name: str, shared: Pooler) -> None:
    refused = run(shared.url, *PROGRAMS[name])
    assert refused.returncode != 0
    assert "DATABASE_URL leads to a pooler in transaction mode" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_doctor_says_why(shared: Pooler) -> None:
    examined = run(shared.url, "manage.py", "doctor", "--json")
    assert examined.returncode == 1, examined.stderr
    told = [each for each in json.loads(examined.stdout) if each["part"] == "database"]
    assert [each["verdict"] for each in told] == ["failing"]
    assert "pooler in transaction mode" in told[0]["detail"]


def test_a_pool_of_whole_sessions_and_postgresql_itself_are_taken() -> None:
    with pooler(os.environ["DATABASE_URL"], "session") as made:
        taken = run(made.url, "manage.py", "check")
        assert taken.returncode == 0, taken.stderr
        assert made.clients >= 2, "it was tried"
    assert run(os.environ["DATABASE_URL"], "manage.py", "check").returncode == 0


def test_who_starts_while_the_database_is_away_is_refused_when_a_pooler_comes(
    shared: Pooler,
) -> None:
    """The start can't ask then, so every first connection does, until it is proven."""
    script = (
        "from django.db import connection, OperationalError\n"
        "from public_apps.core.own_session import SessionShared\n"
        "from django.conf import settings\n"
        "there = dict(connection.settings_dict)\n"
        "connection.settings_dict['PORT'] = '1'\n"
        "try: connection.cursor()\n"
        "except OperationalError as error: print('away', isinstance(error, SessionShared))\n"
        "connection.settings_dict['PORT'] = there['PORT']\n"
        "for _ in range(2):\n"
        "    try: connection.cursor()\n"
        "    except SessionShared: print('refused')\n"
    )
    url = urlsplit(shared.url).geturl()
    given = {**environment.without_settings(os.environ), **environment.production_like()}
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{script}"],
        cwd=ROOT,
        env={**given, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.split("\n")[:3] == ["away False", "refused", "refused"], done.stderr
