"""bin/demo: the whole system on this machine, and one customer taken from checkout to sign-in."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from functools import partial
from pathlib import Path

from devstack import (
    databases,
    demo_commands,
    environment,
    frontend,
    journey,
    os_signals,
    processes,
    report,
    run_directory,
)
from devstack.console import Screen
from devstack.databases import NotOurs
from devstack.frontend import NoNode
from devstack.journey import Customer, StepFailed
from devstack.options import SERVE, parser
from devstack.ports import PortTaken
from devstack.processes import PartFailed
from devstack.report import Report
from devstack.run_directory import StateInUse
from devstack.stack import Stack
from devstack.supervisor import Supervisor

ALREADY_THERE = "one_user_per_email"  # the constraint that a second one would break


def main() -> int:
    """Run the demo as the command line asks; return the exit code."""
    options = parser().parse_args()
    screen = Screen()
    folder = Path(os.environ.get("CONCIERGE_STATE", "var")).absolute()
    if options.command != SERVE:
        return demo_commands.play(folder, screen, options)
    os_signals.listen()
    try:
        if options.frontend:
            frontend.require_node()
        with Stack(folder, with_frontend=options.frontend) as stack:
            return run(stack, screen, options)
    except PartFailed as failed:
        screen.failure(failed)
        return 1
    except (StateInUse, PortTaken, NotOurs, NoNode) as refusal:
        screen.plain(str(refusal))
        return 1
    except OSError as error:
        wrong = run_directory.disk_refusal(error, folder)
        if wrong is None:
            raise
        screen.plain(wrong)
        return 1
    except os_signals.Stopped as stopped:
        screen.plain("All stopped.")
        return stopped.exit_code if options.once else 0


def run(stack: Stack, screen: Screen, options: argparse.Namespace) -> int:
    """Start, show, and serve; return the exit code."""
    told = Report(stack)
    say_what_was_given(screen)
    if "postgres" not in stack.ours:
        databases.refuse_foreign(stack.database_url)
    start(stack, screen)
    told.write()
    supervisor = Supervisor(stack, say=screen.note, changed=told.write)
    supervisor.start()
    try:
        customer, bought = None, True
        if not options.no_journey:
            customer = customer_of(stack)
            bought = purchase(stack, screen, told, customer)
        if options.once:
            return 0 if bought else 1
        if customer and bought:
            fill(stack, screen, customer)
        screen.box("New Concierge is running", report.rows(told.content(), stack.folder))
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


def customer_of(stack: Stack) -> Customer:
    """Return somebody who will buy a workspace of this stack."""
    return Customer(stack.web_url, stack.mock_url, stack.mail_dir, stack.frontend_url)


def start(stack: Stack, screen: Screen) -> None:
    """Start every part, with a line for each."""
    prepare(stack, screen)
    screen.step("Web serves", lambda: stack.start_part("web"))
    screen.step("Worker works, spare workspaces ready", lambda: start_worker(stack))
    if "frontend" in stack.ours:
        screen.step("Next.js site built", stack.build_frontend)
        screen.step("Next.js site serves", partial(stack.start_part, "frontend"))


def prepare(stack: Stack, screen: Screen) -> None:
    """Start what web and worker stand on, and bring the database to head."""
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


def purchase(stack: Stack, screen: Screen, told: Report, customer: Customer) -> bool:
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
    told.add_journey(customer, timings)
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


if __name__ == "__main__":
    sys.exit(main())
