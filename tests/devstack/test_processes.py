"""Parts start with a reason when they can't, and leave nothing behind, however their starter ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from devstack import processes
from devstack.processes import Part, PartFailed
from devstack.stack import Stack
from devstack.watchdog import Watchdog
from tests.devstack.waiting import Starter, eventually, is_gone

# A part that has a child of its own in the same group and that takes no hint to end.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("up", child.pid, flush=True)
time.sleep(600)
"""

# What bin/demo is, in small: a stack with two real parts, until told to end.
STARTER = """
import signal, sys
from pathlib import Path
from devstack import os_signals
from devstack.stack import Stack
os_signals.listen()
try:
    with Stack(Path(sys.argv[1])) as stack:
        stack.start_part("postgres")
        stack.start_part("mail")
        print(*stack.pids.values(), flush=True)
        while True:
            signal.pause()
except os_signals.Stopped as stopped:
    sys.exit(stopped.exit_code)
"""


def part(script: str, *, ready: bool = True) -> Part:
    return Part(
        name="sample",
        command=(sys.executable, "-c", script),
        ready=lambda: ready,
        hint="Read the manual.",
        environ=dict(os.environ),
    )


def test_a_part_that_ends_at_its_start_shows_its_last_words_and_a_hint(
    tmp_path: Path, watchdog: Watchdog
) -> None:
    (tmp_path / "sample.log").write_text("words of an earlier start\n")
    script = "import sys; print(*range(100), sep='\\n'); sys.exit('no port left')"
    running = processes.launch(part(script, ready=False), logs=tmp_path, watchdog=watchdog)
    with pytest.raises(PartFailed, match=r"sample stopped at its start \(exit code 1\)") as failed:
        processes.wait_until_ready(running)
    lines = failed.value.log_tail.splitlines()
    assert lines[-1] == "no port left"
    assert len(lines) == processes.TAIL_LINES
    assert "earlier" not in failed.value.log_tail
    assert failed.value.hint == "Read the manual."


def test_a_part_that_never_serves_is_given_up_after_a_while(
    tmp_path: Path, watchdog: Watchdog
) -> None:
    silent = part("import time; time.sleep(600)", ready=False)
    running = processes.launch(silent, logs=tmp_path, watchdog=watchdog)
    with pytest.raises(PartFailed, match="did not serve within 0 s"):
        processes.wait_until_ready(running, timeout=0.2)
    processes.kill(running, watchdog=watchdog)


def test_a_program_that_is_not_there_is_named(tmp_path: Path, watchdog: Watchdog) -> None:
    missing = Part(name="sample", command=("no-such-program",), ready=lambda: False, hint="")
    running = processes.launch(missing, logs=tmp_path, watchdog=watchdog)
    with pytest.raises(PartFailed, match="exit code 127") as failed:
        processes.wait_until_ready(running)
    assert "no-such-program" in failed.value.log_tail


def test_stopping_a_stubborn_part_ends_its_children_too(tmp_path: Path, watchdog: Watchdog) -> None:
    running = processes.launch(part(STUBBORN), logs=tmp_path, watchdog=watchdog)
    log = tmp_path / "sample.log"
    eventually(lambda: log.read_text().startswith("up"))
    child = psutil.Process(int(log.read_text().split()[1]))
    processes.stop(running, watchdog=watchdog, timeout=0.3)
    assert running.exit_code == -signal.SIGKILL
    eventually(lambda: is_gone(child))


def test_a_polite_part_is_not_killed(tmp_path: Path, watchdog: Watchdog) -> None:
    script = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("up", flush=True)
time.sleep(600)
"""
    running = processes.launch(part(script), logs=tmp_path, watchdog=watchdog)
    eventually(lambda: (tmp_path / "sample.log").read_text() == "up\n")
    processes.stop(running, watchdog=watchdog)
    assert running.exit_code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_starter_that_is_asked_to_end_stops_its_parts_cleanly(
    starter: Starter, number: signal.Signals, tmp_path: Path
) -> None:
    process, parts = starter(STARTER)
    assert len(parts) > 2, "PostgreSQL has processes of its own"
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    assert all(map(is_gone, parts)), "gone before the starter itself"
    log = (tmp_path / "state" / "log" / "postgres.log").read_text()
    assert "database system is shut down" in log


def test_a_starter_that_is_killed_leaves_no_process_behind(
    starter: Starter, tmp_path: Path, outside: dict[str, str]
) -> None:
    process, parts = starter(STARTER)
    process.kill()
    process.wait(60)
    eventually(lambda: all(map(is_gone, parts)))
    log = (tmp_path / "state" / "log" / "postgres.log").read_text()
    assert "database system is shut down" in log, "even then PostgreSQL is stopped, not shot"
    with Stack(tmp_path / "state", environ=outside) as stack:
        stack.start_part("postgres")


def test_a_starter_that_is_killed_takes_stubborn_parts_with_it(
    starter: Starter, tmp_path: Path
) -> None:
    script = f"""
import sys, time
from pathlib import Path
from devstack import processes, watchdog
watchdog_ = watchdog.Watchdog()
part = processes.Part(name="sample", command=(sys.executable, "-c", {STUBBORN!r}),
                      ready=lambda: True, hint="")
running = processes.launch(part, logs=Path(sys.argv[1]).parent, watchdog=watchdog_)
log = Path(sys.argv[1]).parent / "sample.log"
while not log.read_text().startswith("up"):
    time.sleep(0.05)
print(running.pid, flush=True)
time.sleep(600)
"""
    process, parts = starter(script)
    assert len(parts) == 2
    process.kill()
    eventually(lambda: all(map(is_gone, parts)))


def test_a_starter_that_dies_between_starting_and_telling_leaves_nothing(
    starter: Starter, tmp_path: Path
) -> None:
    # The watchdog is deaf here: only the part itself can notice that nobody gives it the word.
    script = """
import os, sys
from pathlib import Path
from devstack import processes
class Deaf:
    def watch(self, pid, stop_signal):
        print(pid, flush=True)
        os.kill(os.getpid(), 9)
part = processes.Part(name="sample", command=("sleep", "600"), ready=lambda: True, hint="")
processes.launch(part, logs=Path(sys.argv[1]).parent, watchdog=Deaf())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "state")],
        cwd=processes.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    eventually(lambda: not psutil.pid_exists(int(done.stdout)))


def test_a_watchdog_that_was_killed_is_replaced_and_knows_all_parts(
    tmp_path: Path, watchdog: Watchdog
) -> None:
    first = processes.launch(part("import time; time.sleep(600)"), logs=tmp_path, watchdog=watchdog)
    # Other tests' stacks have watchdogs too; ours is the youngest.
    dog = max(
        (child for child in psutil.Process().children() if "watchdog.py" in str(child.cmdline())),
        key=psutil.Process.create_time,
    )
    dog.kill()
    eventually(lambda: is_gone(dog))
    second = processes.launch(
        part("import time; time.sleep(600)"), logs=tmp_path, watchdog=watchdog
    )
    watchdog.close()
    for running in (first, second):
        eventually(lambda running=running: running.exit_code is not None)  # type: ignore[misc]


def test_the_log_tail_of_a_log_that_never_was_is_empty(tmp_path: Path) -> None:
    assert processes.tail(tmp_path / "nothing.log") == ""


def test_starting_and_stopping_many_times_leaves_no_zombie(stack: Stack) -> None:
    started = []
    for _ in range(5):
        started.append(stack.start_part("mail").pid)
        stack.kill_part("mail")
    assert not any(map(psutil.pid_exists, started))
