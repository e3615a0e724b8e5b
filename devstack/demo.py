"""bin/demo: the whole system on this machine, and one customer taken from checkout to sign-in."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from functools import partial
from pathlib import Path

from devstack import databases, environment, journey, processes, signals
from devstack.databases import NotOurs
from devstack.journey import Customer, StepFailed
from devstack.ports import PortTaken
from devstack.processes import PartFailed
from devstack.report import Report
from devstack.screen import Screen
from devstack.stack import Stack
from devstack.state import StateInUse
from devstack.supervisor import Supervisor

ALREADY_THERE = "one_user_per_email"  # the constraint that a second one would break


def main() -> int:
    """Run the demo as the command line asks; return the exit code."""
    options = arguments()
    screen = Screen()
    signals.listen()
    try:
        with Stack(Path(os.environ.get("CONCIERGE_STATE", "var"))) as stack:
            return run(stack, screen, options)
    except PartFailed as failed:
        screen.failure(failed)
        return 1
    except (StateInUse, PortTaken, NotOurs) as refusal:
        screen.plain(str(refusal))
        return 1
    except signals.Stopped as stopped:
        screen.plain("All stopped.")
        return stopped.exit_code if options.once else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Starts New Concierge with all that it needs, then buys and opens a workspace."
        " Serves until Ctrl-C.",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="stop after the purchase; exit 0 or 1")
    how.add_argument("--no-journey", action="store_true", help="serve, without the purchase")
    return parser.parse_args()


def run(stack: Stack, screen: Screen, options: argparse.Namespace) -> int:
    """Start, show, and serve; return the exit code."""
    report = Report(stack)
    say_what_was_given(screen)
    if "postgres" not in stack.ours:
        databases.refuse_foreign(stack.database_url)
    start(stack, screen)
    report.write()
    supervisor = Supervisor(stack, say=screen.note, changed=report.write)
    supervisor.start()
    try:
        customer, bought = None, True
        if not options.no_journey:
            customer = Customer(stack.web_url, stack.mock_url, stack.mail_dir)
            bought = purchase(stack, screen, report, customer)
        if options.once:
            return 0 if bought else 1
        if customer and bought:
            fill(stack, screen, customer)
        show_addresses(stack, screen, customer if bought else None)
        screen.plain("Serving. Ctrl-C stops everything.")
        while True:
            signal.pause()
    finally:
        supervisor.finish()


def say_what_was_given(screen: Screen) -> None:
    """Name the settings that this run takes from the environment, and those that it leaves there."""
    taken = environment.settings_of(environment.without_demo(os.environ))
    if environment.MARK in os.environ:
        screen.note("This shell has read a demo.env: what stands there is not taken as given.")
    if taken:
        screen.note(f"Taken from the environment: {', '.join(sorted(taken))}.")


def start(stack: Stack, screen: Screen) -> None:
    """Start every part, with a line for each."""
    screen.heading("New Concierge")
    titles = {
        "postgres": "PostgreSQL serves",
        "mail": "Mail catcher serves",
        "mock_stripe": "Mock Stripe serves",
    }
    for name, title in titles.items():
        if name in stack.ours:
            screen.step(title, partial(stack.start_part, name))
    screen.step("Migrations applied, public and every tenant", stack.release)
    if "mock_stripe" in stack.ours:
        screen.step(
            "Plans pushed to the mock Stripe", lambda: stack.command("plans", "plans", "push")
        )
    screen.step("Staff account", lambda: make_staff(stack))
    screen.step("Web serves", lambda: stack.start_part("web"))
    screen.step("Worker works, spare workspaces ready", lambda: start_worker(stack))


def start_worker(stack: Stack) -> None:
    """Start the worker and wait until the whole system calls itself ready. Raises PartFailed."""
    stack.start_part("worker")
    stack.wait_ready()


def make_staff(stack: Stack) -> None:
    """Have the staff account; that it is there already is fine. Raises PartFailed."""
    try:
        stack.command("staff", "createsuperuser", "--noinput")
    except PartFailed as failed:
        if ALREADY_THERE not in failed.log_tail:
            raise


def purchase(stack: Stack, screen: Screen, report: Report, customer: Customer) -> bool:
    """Take the customer through every step, with a line for each; return whether all held."""
    screen.heading(f"{customer.first_name} {customer.last_name} buys {customer.organisation}")
    timings: dict[str, float] = {}
    for step in journey.STEPS:
        try:
            seconds = screen.timed(step.title, partial(journey.take, step, customer))
        except StepFailed as failed:
            show_failed_step(stack, screen, step, failed)
            return False
        timings[step.key] = round(seconds * 1000, 1)
    report.add_journey(customer, timings)
    return True


def fill(stack: Stack, screen: Screen, customer: Customer) -> None:
    """Give the workspace something to look at; without it everything serves all the same."""
    step = journey.SAMPLE
    try:
        screen.timed(step.title, partial(journey.take, step, customer))
    except StepFailed as failed:
        show_failed_step(stack, screen, step, failed)


def show_failed_step(stack: Stack, screen: Screen, step: journey.Step, failed: StepFailed) -> None:
    """Say which step failed and why, with the end of the log that tells more."""
    log = stack.log(failed.part)
    screen.failure(
        PartFailed(
            f"Step “{step.title}”",
            f"failed: {failed}",
            log=log,
            log_tail=processes.tail(log),
            hint=f"All logs: {stack.logs}",
        )
    )


def show_addresses(stack: Stack, screen: Screen, customer: Customer | None) -> None:
    """Show what to click on, and the passwords for it."""
    rows = [("Public site", f"{stack.web_url}/")]
    if customer:
        rows.append(("Workspace", f"{customer.workspace_url}/"))
        rows.append(("  owner", f"{customer.email}  {customer.password}"))
    rows.append(("Admin", f"{stack.web_url}/admin/"))
    staff = (stack.env["DJANGO_SUPERUSER_EMAIL"], stack.env["DJANGO_SUPERUSER_PASSWORD"])
    rows.append(("  staff", "  ".join(staff)))
    rows.append(("Mock Stripe", stack.mock_url))
    rows.append(("Mails", str(stack.mail_dir)))
    rows.append(("Logs", str(stack.logs)))
    screen.box("New Concierge is running", rows)


if __name__ == "__main__":
    sys.exit(main())
