"""bin/test runs everything, says what failed, and names what could not run."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
import yaml

from devstack import check, chromium, os_signals
from devstack.checking import Check, Runner
from devstack.console import Screen
from devstack.processes import ROOT
from devstack.stack import Stack


@pytest.fixture
def runner(stack: Stack) -> Runner:
    return Runner(stack, Screen(), os.environ)


def python(title: str, script: str, *, by_node: bool = False) -> Check:
    command = (sys.executable, "-c", script)
    return Check(name=title.lower(), title=title, command=command, by_node=by_node)


def meeting(folder: Path, *, leaves: str, awaits: str) -> str:
    """Return a script that leaves a file, and fails unless another one comes to be."""
    return (
        "import pathlib, time; "
        f"folder = pathlib.Path({str(folder)!r}); (folder / {leaves!r}).touch(); "
        f"ends = time.monotonic() + 30\nwhile not (folder / {awaits!r}).exists():\n"
        "    assert time.monotonic() < ends\n    time.sleep(0.01)"
    )


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


def test_checks_by_node_run_beside_the_others_and_each_side_in_its_order(
    runner: Runner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = f"import pathlib; assert not pathlib.Path({str(tmp_path / 'node 2')!r}).exists()"
    runner.run_two_at_once(
        [
            python("One", meeting(tmp_path, leaves="one", awaits="node 1")),
            python("Node 0", f"{before}; raise SystemExit('amiss')", by_node=True),
            python("Node 1", meeting(tmp_path, leaves="node 1", awaits="one"), by_node=True),
            python("Node 2", f"open({str(tmp_path / 'node 2')!r}, 'w')", by_node=True),
            python("Two", meeting(tmp_path, leaves="two", awaits="node 2")),
        ]
    )
    assert runner.failed == ["Node 0"]
    assert "Node 0:\namiss" in capsys.readouterr().out


def test_who_stops_the_checks_stops_both_sides(runner: Runner, tmp_path: Path) -> None:
    handlers = {number: signal.getsignal(number) for number in os_signals.ENDINGS}
    os_signals.listen()
    sleeper = f"{meeting(tmp_path, leaves='sleeps', awaits='ever')}"
    stopper = f"{meeting(tmp_path, leaves='stops', awaits='sleeps')}\nimport os, signal; "
    try:
        with pytest.raises(os_signals.Stopped):
            runner.run_two_at_once(
                [
                    python("Stopper", f"{stopper}os.kill(os.getppid(), signal.SIGTERM)"),
                    python("Sleeper", sleeper, by_node=True),
                    python("Later", f"open({str(tmp_path / 'later')!r}, 'w')", by_node=True),
                ]
            )
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert not (tmp_path / "later").exists()


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
    assert "There are: resources, format, credentials, lint, types" in shown
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
