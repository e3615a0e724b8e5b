"""PostgreSQL's programs at our database: as the handbook has them, and without the password in `ps`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from devstack.processes import ROOT
from tests.core.web_stack import WebStack
from tests.customer import until


def test_the_handbooks_lines_dump_the_database_and_bring_it_back(
    web_stack: WebStack, tmp_path: Path
) -> None:
    stack, dump = web_stack.stack, str(tmp_path / "concierge.dump")
    for words in (
        ("pg_dump", "--format=custom", f"--file={dump}", "--table=public.django_migrations"),
        ("createdb", "restored"),
        ("pg_restore", "--no-owner", "--exit-on-error", "--dbname=restored", dump),
    ):
        done = stack.manage("pg", *words)
        assert done.returncode == 0, done.stderr
    try:
        asked = ("psql", "-Atc", "SELECT count(*) > 10 FROM django_migrations", "restored")
        assert stack.manage("pg", *asked).stdout.strip() == "t"
    finally:
        assert stack.manage("pg", "dropdb", "restored").returncode == 0
    refused = stack.manage("pg", "psql", "-c", "SELECT nonsense")
    assert refused.returncode == 1, "its own status is the command's"


def test_nobody_reads_the_password_in_the_list_of_processes(web_stack: WebStack) -> None:
    password = urlsplit(web_stack.stack.database_url).password
    assert password
    with subprocess.Popen(
        [sys.executable, "manage.py", "pg", "psql", "-c", "SELECT pg_sleep(60)"],
        cwd=ROOT,
        env=web_stack.stack.env,
    ) as process:
        words = until(lambda: _words_of_psql(process.pid))
        process.kill()
    assert password not in " ".join(words)
    assert "postgresql://" not in " ".join(words)


def _words_of_psql(pid: int) -> list[str]:
    words: list[str] = psutil.Process(pid).cmdline()
    return words if words and words[0].endswith("/psql") else []
