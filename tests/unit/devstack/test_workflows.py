"""What runs in CI is what we looked at, and may do no more than read."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from devstack.processes import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")


def read(path: Any) -> Any:
    """Return a workflow."""
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_named_by_its_commit(path: Any) -> None:
    used = re.findall(r"^\s*(?:- )?uses:\s*(\S+)(.*)$", path.read_text(), re.MULTILINE)
    assert used
    for action, behind in used:
        assert PINNED.fullmatch(action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", behind), f"dependabot reads it: {action}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_may_read_and_nothing_else(path: Any) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert set(job["permissions"].values()) <= {"read"}
        assert job["timeout-minutes"] <= 60
        checkouts = [step for step in job["steps"] if "checkout@" in step.get("uses", "")]
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    assert "pull_request_target" not in workflow[True]  # YAML reads `on` as a yes


def test_advisories_are_looked_at_and_actions_are_raised() -> None:
    steps = " ".join(
        step.get("run", "") for path in WORKFLOWS for job in read(path)["jobs"].values()
        for step in job["steps"]
    )  # fmt: skip
    assert "pip_audit" in steps
    assert "npm --prefix clients/nextjs audit" in steps
    kept = read(ROOT / ".github" / "dependabot.yml")["updates"]
    assert "github-actions" in {each["package-ecosystem"] for each in kept}
