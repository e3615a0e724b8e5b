"""dj-stripe's environment: the same things beneath it as beneath ours."""

from __future__ import annotations

import re

import pytest

from devstack.processes import ROOT

PIN = re.compile(r"^([\w-]+)(?:\[[\w,]+\])?==([\w.]+)", re.MULTILINE)


@pytest.mark.parametrize("name", ["Django", "gunicorn", "psycopg"])
def test_the_peer_runs_on_the_versions_that_we_run_on(name: str) -> None:
    ours = dict(PIN.findall((ROOT / "requirements.in").read_text()))
    peers = dict(PIN.findall((ROOT / "benchmarks/peers/djstripe-requirements.in").read_text()))

    assert peers[name] == ours[name]
