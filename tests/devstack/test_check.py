"""bin/test runs everything, says what failed, and names what could not run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml

from devstack import check, chromium
from devstack.check import Check, Runner
from devstack.console import Screen
from devstack.processes import ROOT
from devstack.stack import Stack


@pytest.fixture
def runner(stack: Stack) -> Runner:
    return Runner(stack, Screen(), os.environ)


def python(title: str, script: str) -> Check:
    return Check(name=title.lower(), title=title, command=(sys.executable, "-c", script))


def test_a_failing_check_is_shown_with_its_words_and_the_next_still_runs(
    runner: Runner, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    runner.run(python("Bad", "import sys; print('line 1'); sys.exit('and why')"))
    runner.run(python("Good", f"print('not shown'); open({str(tmp_path / 'ran')!r}, 'w')"))
    shown = capsys.readouterr().out
    assert runner.failed == ["Bad"]
    assert "✗ Bad" in shown
    assert "line 1\nand why" in shown
    assert "✓ Good" in shown
    assert "not shown" not in shown
    assert (tmp_path / "ran").exists()


def test_one_failure_makes_the_whole_fail(
    runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.verdict(runner, Screen(), []) == 0
    runner.failed.append("Types")
    assert check.verdict(runner, Screen(), []) == 1
    assert capsys.readouterr().out.endswith("✗ Failed: Types\n")


def test_what_could_not_run_is_named_and_fails_in_ci(
    runner: Runner, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "")
    assert check.verdict(runner, Screen(), ["the browser tests"]) == 0
    assert "Not run: the browser tests." in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    assert check.verdict(runner, Screen(), ["the browser tests"]) == 1


def test_a_browser_is_found_by_its_variable_or_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chromium, "MAC", tmp_path / "none")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find() is None
    assert not chromium.can_install(), "there is no apt-get on this PATH"
    browser = tmp_path / "chromium-browser"
    browser.touch(mode=0o755)
    assert chromium.find() == str(browser)
    monkeypatch.setenv("CHROMIUM", "/opt/mine")
    assert chromium.find() == "/opt/mine"


def test_a_second_run_of_the_tests_takes_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCIERGE_STATE", str(tmp_path))
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_somebodys")
    with check.open_stack() as first, check.open_stack() as second:
        assert (first.folder.name, second.folder.name) == ("test", "test-2")
        assert first.env["STRIPE_SECRET_KEY"].startswith("sk_test_")


def test_a_check_is_run_alone_by_its_name_and_without_a_database(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    check.run_named(stack, Screen(), ["imports"], "")
    assert "Import contracts" in capsys.readouterr().out
    assert not stack.running


def test_a_name_that_no_check_has_is_refused_with_all_that_there_are(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check.run_named(stack, Screen(), ["lint", "spelling"], "") == 2
    shown = capsys.readouterr().out
    assert "No check is called spelling here." in shown
    assert "There are: format, lint, types" in shown
    assert "✓" not in shown
    assert check.run_named(stack, Screen(), [], "") == 0


def test_names_of_checks_are_told_from_what_pytest_is_given() -> None:
    assert check.named(["--check", "lint", "format"]) == (["lint", "format"], [])
    assert check.named(["tests/core", "-x"]) == (None, ["tests/core", "-x"])


def test_no_two_checks_have_one_name() -> None:
    names = [each.name for each in check.checks([])]
    assert len(names) == len({*names})


def test_each_hook_of_pre_commit_runs_a_check_of_this_list() -> None:
    hooks = [
        hook
        for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
        for hook in repository["hooks"]
    ]
    names = {each.name for each in check.checks([])}
    assert hooks
    for hook in hooks:
        command, option, *asked = hook["entry"].split()
        assert (command, option) == ("bin/test", "--check")
        assert names.issuperset(asked), hook["id"]
