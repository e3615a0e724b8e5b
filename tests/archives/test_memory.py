"""An archive's size costs time and disk, never memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from django.db import connection

from devstack.processes import ROOT
from public_apps.core.schema_context import inside
from public_apps.tenants import domains
from tests.core.web_stack import WebStack, Workspace, create_workspace

MIB = int(os.environ.get("MEMORY_MIB", "24"))  # the acceptance run takes 300
MOST_KIB = 16 * 1024
FILES = """
    WITH made AS (
        INSERT INTO files_storedfile (id, name, kind, size, sha256, created_at)
        SELECT gen_random_uuid(), 'scan.pdf', 'application/pdf', 1048576, repeat('0', 64), now()
        FROM generate_series(1, %s) RETURNING id
    )
    INSERT INTO files_storedcontent (file_id, data)
    SELECT id, decode((SELECT string_agg(md5(id::text || n), '') FROM generate_series(1, 65536) n),
        'hex') FROM made"""
ROWS = """
    INSERT INTO buildings_building (version, name, address, vat_number, notes, created_at)
    SELECT 1, 'House ' || n, 'Ermou 1', '', repeat(md5(n::text), 32), now()
    FROM generate_series(1, %s) n"""


def filled(mib: int) -> Workspace:
    """Return a workspace with half so much of uploads and half of rows."""
    workspace = create_workspace()
    with inside(workspace.tenant.schema_name), connection.cursor() as cursor:
        cursor.execute(FILES, [mib // 2])
        cursor.execute(ROWS, [mib // 2 * 1024])
    return workspace


def test_a_large_workspace_takes_no_more_memory_than_a_small_one(
    web_stack: WebStack, tmp_path: Path
) -> None:
    labels = [domains.label_of(filled(mib).host) for mib in (4, MIB)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.archives.measured", str(tmp_path), *labels],
        cwd=ROOT, env=web_stack.stack.env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    grown = json.loads(done.stdout.splitlines()[-1])
    assert (tmp_path / f"{labels[1]}.zip").stat().st_size > MIB * 1024 * 1024 / 2
    assert max(grown.values()) < MOST_KIB, grown
