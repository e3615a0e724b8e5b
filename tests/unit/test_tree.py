"""The rule of who may import whom knows every folder: import-linter can't see that of the top level."""

from __future__ import annotations

import tomllib
from pathlib import Path

from devstack.processes import ROOT

CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
APART = {"mock_stripe", "devstack"}  # by contracts of their own
# Not of the product: they import what they examine.
EXAMINING = {"tests", "benchmarks"}


def packages(folder: Path) -> set[str]:
    """Return the folders in which there is Python that git knows or will know."""
    return {
        path.name
        for path in folder.iterdir()
        if path.is_dir() and not path.name.startswith(".") and (path / "__init__.py").exists()
    }


def test_every_folder_of_ours_is_a_layer_or_stands_apart() -> None:
    contracts = {each["id"]: each for each in CONFIG["importlinter"]["contracts"]}
    layers = {name.strip() for layer in contracts["rooms"]["layers"] for name in layer.split("|")}
    assert packages(ROOT) - EXAMINING == layers | APART
    assert set(CONFIG["importlinter"]["root_packages"]) == layers | APART
    assert set(contracts["no-circles"]["ancestors"]) == layers | APART


def test_types_coverage_and_templates_know_every_folder() -> None:
    known = set(CONFIG["importlinter"]["root_packages"])
    assert known <= set(CONFIG["mypy"]["files"])
    assert known == set(CONFIG["coverage"]["run"]["source"])
