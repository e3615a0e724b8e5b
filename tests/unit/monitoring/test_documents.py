"""Rules, incidents and runbooks belong together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from public_apps.monitoring import incidents

DOCS = Path(__file__).parents[3] / "docs"

MONITORING = DOCS / "monitoring"


def rules() -> list[dict[str, Any]]:
    """Return every rule of the file."""
    found = yaml.safe_load((MONITORING / "rules.yml").read_text())
    return [rule for group in found["groups"] for rule in group["rules"]]


def test_every_rule_and_every_kind_of_incident_has_its_runbook() -> None:
    headings = re.findall(r"^### `(\w+)`", (DOCS / "operations.md").read_text(), re.MULTILINE)
    named = {rule["labels"]["runbook"] for rule in rules()} - {"{{ $labels.kind }}"}
    assert named | set(incidents.KINDS) <= set(headings)
    for rule in rules():
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in {"page", "warn"}
