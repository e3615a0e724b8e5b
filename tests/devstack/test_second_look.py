"""In CI the few tests that failed run once more, alone; what fails twice, or breaks, stays a failure."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from devstack import second_look
from devstack.checking import Check, Runner
from devstack.console import Screen
from devstack.stack import Stack

ONCE = "    if not (folder / 'failed').exists(): (folder / 'failed').touch(); assert False\n"


def looked_at(folder: Path, stack: Stack, tests: str) -> Runner:
    """Run a file of tests as CI would run ours; return what the runner remembers."""
    written = folder / "test_something.py"
    written.write_text(f"import os, pathlib\nfolder = pathlib.Path({str(folder)!r})\n{tests}")

    def run(title: str, *arguments: str) -> Check:
        known = ("-q", "-c", os.devnull, "--rootdir", str(folder), "-p", "no:randomly")
        command = (sys.executable, "-m", "pytest", *known, *second_look.cache(folder), *arguments)
        return Check(name="tests", title=title, command=(*command, str(written)))

    runner = Runner(stack, Screen(), os.environ)
    second_look.take(
        runner,
        Screen(),
        folder,
        first=run("Tests"),
        again=lambda *chosen: run("Tests, once more", *chosen),
    )
    return runner


def test_what_passes_alone_is_named_and_fails_nothing(
    tmp_path: Path, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = (
        f"def test_chance():\n{ONCE}def test_other():\n    (folder / 'x').open('a').write('.')\n"
    )
    assert looked_at(tmp_path, stack, tests).failed == []
    shown = capsys.readouterr().out
    assert "Failed among others, passed alone" in shown
    assert "test_something.py::test_chance" in shown
    assert (tmp_path / "x").read_text() == ".", "what had passed did not run again"


def test_what_fails_twice_fails(tmp_path: Path, stack: Stack) -> None:
    tests = f"def test_chance():\n{ONCE}def test_never():\n    assert False\n"
    assert looked_at(tmp_path, stack, tests).failed == ["Tests", "Tests, once more"]


def test_many_failures_are_no_chance(tmp_path: Path, stack: Stack) -> None:
    tests = "".join(
        f"def test_{number}():\n{ONCE.replace('failed', str(number))}"
        for number in range(second_look.MOST + 1)
    )
    assert looked_at(tmp_path, stack, tests).failed == ["Tests"]


def test_a_run_that_broke_off_is_not_saved_by_the_tests_that_it_reached(
    tmp_path: Path, stack: Stack
) -> None:
    tests = f"def test_chance():\n{ONCE}def test_end():\n    os._exit(1)\n"
    assert looked_at(tmp_path, stack, tests).failed == ["Tests"]
    tests = f"import pytest\ndef test_chance():\n{ONCE}def test_end():\n    pytest.exit('broken')\n"
    (tmp_path / "failed").unlink()
    assert looked_at(tmp_path, stack, tests).failed == ["Tests"]


def test_what_an_earlier_run_remembers_says_nothing_of_this_one(
    tmp_path: Path, stack: Stack
) -> None:
    assert looked_at(tmp_path, stack, "def test_old():\n    assert False\n").failed
    remembered = tmp_path / "pytest-cache/v/cache/lastfailed"
    before = remembered.read_text()
    assert "test_old" in before
    assert looked_at(tmp_path, stack, "import nothing_of_the_kind\n").failed == ["Tests"]
    assert not remembered.exists() or "test_old" not in remembered.read_text()
