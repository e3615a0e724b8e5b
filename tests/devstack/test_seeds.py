"""The order of tests: in CI it can be told from the commit."""

from __future__ import annotations

import re
from pathlib import Path

from devstack import seeds


def test_in_ci_the_seed_follows_from_the_commit() -> None:
    [told] = seeds.option({"CI": "true"})
    assert re.fullmatch(r"--randomly-seed=\d{1,10}", told)
    assert seeds.option({"CI": "true"}) == [told]


def test_elsewhere_and_where_a_seed_is_given_nothing_is_said(tmp_path: Path) -> None:
    assert seeds.option({}) == []
    assert seeds.option({"CI": "true", "PYTEST_ADDOPTS": "-v -p no:cov --randomly-seed=7"}) == []
    assert seeds.option({"CI": "true"}, repository=tmp_path) == []
