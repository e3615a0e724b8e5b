"""Prometheus's rules and Grafana's dashboard speak of what /metrics tells, and of nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from public_apps.monitoring import prometheus
from tests.core.web_stack import WebStack

DOCS = Path(__file__).parents[2] / "docs"
MONITORING = DOCS / "monitoring"
WORD = re.compile(r"\bconcierge_\w+")
MATCHER = re.compile(r"\{([^}]*)\}")
GROUPING = re.compile(r"\bby \(([^)]*)\)")


def rules() -> list[dict[str, Any]]:
    """Return every rule of the file."""
    found = yaml.safe_load((MONITORING / "rules.yml").read_text())
    return [rule for group in found["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    """Yield every expression of the rules and the dashboard."""
    for rule in rules():
        yield rule["expr"]
    board = json.loads((MONITORING / "grafana.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


@pytest.fixture
def told(web_stack: WebStack) -> dict[str, str]:
    """What /metrics declares: each name with its type."""
    families = text_string_to_metric_families(prometheus.document().decode())
    return {
        f"{family.name}_total" if family.type == "counter" else family.name: family.type
        for family in families
    }


def test_every_expression_asks_for_what_is_there(told: dict[str, str]) -> None:
    found = set()
    for expression in expressions():
        for word in WORD.findall(expression):
            name = re.sub(r"_(bucket|sum|count)$", "", word)
            assert name in told, expression
            assert (name == word) != (told[name] == "histogram"), expression
            found.add(name)
        if "rate(" not in expression and "increase(" not in expression:
            assert all(told.get(word) in {None, "gauge"} for word in WORD.findall(expression))
    assert len(found) >= 20


def test_every_label_that_is_asked_for_is_one(told: dict[str, str]) -> None:
    from public_apps.monitoring.metrics import COLLECTORS, METRICS, PREFIX

    labels = {name: {*metric.labels, "le"} for name, metric in METRICS.items()}
    for collector in COLLECTORS:
        labels |= {f"{PREFIX}{gauge.name}": {gauge.label} for gauge in collector()}
    for expression in expressions():
        words = [re.sub(r"_(bucket|sum|count)$", "", word) for word in WORD.findall(expression)]
        known = set().union(*(labels[word] for word in words), {"job"})
        asked = [part for group in GROUPING.findall(expression) for part in group.split(",")]
        for matcher in MATCHER.findall(expression):
            asked += re.findall(r"(\w+)\s*(?:=~|!=|!~|=)", matcher)
        assert {word.strip() for word in asked} <= known, expression


def test_everything_that_is_measured_is_on_the_dashboard_or_in_a_rule(told: dict[str, str]) -> None:
    asked = {
        re.sub(r"_(bucket|sum|count)$", "", word)
        for expression in expressions()
        for word in WORD.findall(expression)
    }
    assert set(told) == asked


def test_prometheus_itself_takes_the_files(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        settings = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
        assert settings["rule_files"] == ["rules.yml"]
        return
    for verb, file in (("check", "rules.yml"), ("test", "rules_test.yml")):
        done = subprocess.run(
            [promtool, verb, "rules", str(MONITORING / file)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_series_of_the_rules_cases_is_one_that_metrics_tells(told: dict[str, str]) -> None:
    cases = yaml.safe_load((MONITORING / "rules_test.yml").read_text())["tests"]
    series = {each["series"] for case in cases for each in case["input_series"]}
    names = {WORD.findall(each)[0] for each in series if not each.startswith("up{")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in names} <= set(told)
