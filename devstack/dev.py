"""bin/dev: the whole system, with a web and a worker that take each change of the code."""

from __future__ import annotations

import argparse
import os
import queue
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from devstack import databases, demo, environment, report, run_directory
from devstack.changes import Watch, parts_of
from devstack.console import Screen
from devstack.databases import NotOurs
from devstack.os_signals import Stopped, listen
from devstack.ports import PortTaken
from devstack.processes import PartFailed
from devstack.report import Report
from devstack.run_directory import StateInUse
from devstack.stack import Stack
from devstack.supervisor import Supervisor

LOOK_EVERY = 0.5
# One request at a time, so that two breakpoints don't read from one terminal; none is cut off while
# somebody thinks at one; and a change ends what waits there at once.
WEB = {
    "DJANGO_SETTINGS_MODULE": "config.dev_settings",
    "WEB_CONCURRENCY": "1",
    "WEB_THREADS": "1",
    "GUNICORN_CMD_ARGS": "--timeout 0 --graceful-timeout 1",
}


def parser() -> argparse.ArgumentParser:
    """Return the command line of bin/dev."""
    dev = argparse.ArgumentParser(
        prog="bin/dev",
        description="Starts New Concierge for working on it: what you save is served at once."
        " The web has this terminal, for breakpoint(). The state and the commands are bin/demo's.",
    )
    dev.add_argument(
        "--journey", action="store_true", help="first buy a workspace, as bin/demo does"
    )
    dev.add_argument(
        "--no-worker", action="store_true", help="leave jobs to a worker that you start yourself"
    )
    return dev


def main() -> int:
    """Run the system until Ctrl-C; return the exit code."""
    options = parser().parse_args()
    screen = Screen()
    folder = Path(os.environ.get("CONCIERGE_STATE", "var")).absolute()
    listen()
    try:
        with (
            terminal_kept(),
            Stack(folder, environ=environ(os.environ), on_terminal={"web"}) as stack,
        ):
            serve(stack, screen, options)
    except PartFailed as failed:
        screen.failure(failed)
        return 1
    except (StateInUse, PortTaken, NotOurs) as refusal:
        screen.plain(str(refusal))
        return 1
    except OSError as error:
        wrong = run_directory.disk_refusal(error, folder)
        if wrong is None:
            raise
        screen.plain(wrong)
        return 1
    except Stopped:
        screen.plain("All stopped.")
    return 0


def environ(given: Mapping[str, str]) -> dict[str, str]:
    """Return what the stack is given: what was set outside wins over what suits this work."""
    return {**WEB, **environment.without_demo(given)}


def serve(stack: Stack, screen: Screen, options: argparse.Namespace) -> None:
    """Start every part, then start again what a change concerns, until somebody ends it."""
    told = Report(stack)
    demo.say_what_was_given(screen)
    if "postgres" not in stack.ours:
        databases.refuse_foreign(stack.database_url)
    watch = Watch()  # before anything starts: what changes meanwhile is not missed
    watch.start()
    steady = set(stack.ours) - {"web", "worker"}
    supervisor = Supervisor(stack, say=screen.note, changed=told.write, names=steady)
    try:
        demo.prepare(stack, screen)
        parts = ["web"] if options.no_worker else ["worker", "web"]
        for name in parts:
            screen.step(f"{name} runs", partial(stack.start_part, name))
        told.write()
        supervisor.start()
        if options.journey:
            buy(stack, screen, told)
        screen.box("New Concierge is running", report.rows(told.content(), stack.folder))
        screen.plain("Serving; a change is taken as you save it. Ctrl-C stops everything.")
        reload(stack, screen, told, watch, parts=[*parts, "mock_stripe"])
    finally:
        if supervisor.is_alive():
            supervisor.finish()
        watch.finish()


def buy(stack: Stack, screen: Screen, told: Report) -> None:
    """Have a workspace to look at, with its owner's password on the screen."""
    customer = demo.customer_of(stack)
    if demo.purchase(stack, screen, told, customer):
        demo.fill(stack, screen, customer)


def reload(
    stack: Stack, screen: Screen, told: Report, watch: Watch, *, parts: Sequence[str]
) -> None:
    """Start these parts again whenever their code changes. Ends by Stopped alone."""
    ours = [name for name in parts if name in stack.ours]
    while True:
        try:
            changed = watch.changes.get(timeout=LOOK_EVERY)
        except queue.Empty:
            say_what_ended(stack, screen)
            continue
        if due := [name for name in ours if name in parts_of(changed)]:
            restart(stack, screen, due, changed)
            told.write()


def restart(stack: Stack, screen: Screen, due: list[str], changed: AbstractSet[Path]) -> None:
    """Start these parts again; one that fails is shown, and waits for the next change."""
    some = ", ".join(sorted(path.name for path in changed)[:3])
    for name in due:
        try:
            with stack.guard:
                if name in stack.running:
                    stack.stop_part(name)
            if name == "web":
                restore_terminal()
            screen.step(f"{name} again: {some}", partial(stack.start_part, name))
        except PartFailed as failed:
            screen.failure(failed)


def say_what_ended(stack: Stack, screen: Screen) -> None:
    """Show a web or worker that ended by itself; the next change starts it again."""
    for name in ("web", "worker"):
        running = stack.running.get(name)
        if running is not None and running.exit_code is not None:
            stack.kill_part(name)
            screen.failure(running.failure("ended; the next change starts it again"))


_settings: list[object] = []


@contextmanager
def terminal_kept() -> Iterator[None]:
    """Leave the terminal as it was: who is ended at a breakpoint can't put back what it changed."""
    if sys.stdin and sys.stdin.isatty():
        _settings[:] = termios.tcgetattr(sys.stdin)
    try:
        yield
    finally:
        restore_terminal()


def restore_terminal() -> None:
    """Put the terminal's settings back, if there is a terminal."""
    if _settings:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, list(_settings))  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
