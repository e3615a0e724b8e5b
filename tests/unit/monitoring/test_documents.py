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


def test_every_rule_has_its_three_cases_quiet_firing_and_over() -> None:
    cases = yaml.safe_load((MONITORING / "rules_test.yml").read_text())
    assert cases["rule_files"] == ["rules.yml"]
    by_name = {case["name"]: case for case in cases["tests"]}
    for rule in rules():
        case = by_name[rule["alert"]]
        looks = case["alert_rule_test"]
        assert {look["alertname"] for look in looks} == {rule["alert"]}
        assert [bool(look["exp_alerts"]) for look in looks] == [False, True, False], rule["alert"]
        [told] = looks[1]["exp_alerts"]
        assert told["exp_labels"]["severity"] == rule["labels"]["severity"]
        asked = set(re.findall(r"concierge_\w+", rule["expr"]))
        given = {re.match(r"[\w]+", each["series"]) for each in case["input_series"]}
        assert asked <= {name.group() for name in given if name}, rule["alert"]


def test_the_runbook_names_every_rule() -> None:
    runbooks = (DOCS / "operations.md").read_text().partition("## Runbooks")[2]
    for rule in rules():
        assert f"`{rule['alert']}`" in runbooks, rule["alert"]
