"""bin/test runs everything, says what failed, and names what could not run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from devstack import check, chromium
from devstack.check import Check, Runner
from devstack.console import Screen
from devstack.stack import Stack


@pytest.fixture
def runner(stack: Stack) -> Runner:
    return Runner(stack, Screen(), os.environ)


def python(title: str, script: str) -> Check:
    return Check(title=title, command=(sys.executable, "-c", script))


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
