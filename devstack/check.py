"""bin/test: every check and every test, each with its line; all run, even if one fails."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from devstack import (
    chromium,
    databases,
    environment,
    os_signals,
    second_look,
    seeds,
    template,
    xdist_databases,
)
from devstack.checking import Check, Runner
from devstack.console import Screen
from devstack.databases import NoDatabase
from devstack.os_signals import Stopped
from devstack.ports import PortTaken
from devstack.processes import PartFailed
from devstack.run_directory import StateInUse
from devstack.stack import Stack

PYTHON = sys.executable
MOST_RUNS = 20
IN_LANES = ("-p", "devstack.pytest_lane", "--dist=worksteal")
SLOWEST = "--durations=25"


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    screen = Screen()
    os_signals.listen()
    given = environment.without_demo(os.environ).get("DATABASE_URL", "")
    names, arguments = named(sys.argv[1:])
    try:
        with open_stack(given) as stack:
            if names is not None:
                return run_named(stack, screen, names, given)
            with database(stack, screen, given):
                return run(stack, screen, arguments)
    except PartFailed as failed:
        screen.failure(failed)
        return 1
    except (NoDatabase, PortTaken) as refusal:
        screen.plain(str(refusal))
        return 1
    except Stopped as stopped:
        return stopped.exit_code


def open_stack(database_url: str = "") -> Stack:
    """Take the first folder for tests that no other run holds, so that two runs don't collide.

    Of the settings outside only DATABASE_URL counts, for its server: nobody's real keys and nobody's
    tables get into a test.
    """
    given = environment.for_a_system(os.environ)
    base = Path(os.environ.get("CONCIERGE_STATE", "var")).absolute()
    for number in range(1, MOST_RUNS):
        folder = base / ("test" if number == 1 else f"test-{number}")
        if database_url:
            given["DATABASE_URL"] = databases.address_of(database_url, database=own_name(folder))
        try:
            return Stack(folder, environ={**given, "CONCIERGE_STATE": str(base)}, patience=0)
        except StateInUse:
            continue
    raise StateInUse(f"{MOST_RUNS} runs of the tests hold all of their folders in {base}.")


def own_name(folder: Path) -> str:
    """Return how the database of this folder's tests is called: the same each time, no other's."""
    return f"concierge_test_{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


@contextmanager
def database(stack: Stack, screen: Screen, given: str) -> Iterator[None]:
    """Have the tests' database: on a PostgreSQL of our own, or a new one on the server of `given`.

    Raises NoDatabase.
    """
    if not given:
        screen.step("PostgreSQL serves", partial(stack.start_part, "postgres"))
        yield
        return
    screen.note("On the server of DATABASE_URL, in databases of the tests' own.")
    with databases.made(given, database=own_name(stack.folder)):
        yield


def run(stack: Stack, screen: Screen, arguments: list[str]) -> int:
    """Run pytest with these arguments, or, without any, everything; return the exit code.

    `-n 3` runs three tests at once; without it everything takes as many as suit the machine, and
    a part of the tests goes one by one.
    """
    number, pytest_arguments = side_by_side(arguments)
    missing: list[str] = []
    environ = {
        **stack.env,
        **browser(stack, screen, missing),
        "COVERAGE_FILE": str(stack.folder / "coverage.data"),
        "QUICK_PASSWORDS": "True",
        # Tokens are kept for a whole run; tests of it set another.
        "REAUTHENTICATION_MINUTES": "600",
        environment.TEMPLATES: str(template.shelf(stack.folder / "templates")),
    }
    runner = Runner(stack, screen, environ)
    if pytest_arguments:
        run_tests(runner, stack, pytest_arguments, number or 1)
    else:
        screen.heading("Checks")
        runner.run_two_at_once(checks(missing))
        run_all_tests(runner, stack, screen, number or xdist_databases.sensible_number())
    return verdict(runner, screen, missing)


def named(arguments: list[str]) -> tuple[list[str] | None, list[str]]:
    """Take `--check NAME …` out of the arguments: which checks run alone; None if it isn't there."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--check", nargs="*")
    known, others = parser.parse_known_args(arguments)
    return known.check, others


def run_named(stack: Stack, screen: Screen, names: list[str], given: str) -> int:
    """Run the checks of these names alone, or tell what they are called; return the exit code."""
    there = {check.name: check for check in checks([])}
    if unknown := [name for name in names if name not in there]:
        screen.plain(f"No check is called {', '.join(unknown)} here.")
    if unknown or not names:
        screen.plain(f"There are: {', '.join(there)}")
        return 2 if unknown else 0
    runner = Runner(stack, screen, stack.env)
    chosen = [there[name] for name in names]
    needs_database = any(check.needs_database for check in chosen)
    with database(stack, screen, given) if needs_database else nullcontext():
        for check in chosen:
            runner.run(check)
    return verdict(runner, screen, [])


def side_by_side(arguments: list[str]) -> tuple[int | None, list[str]]:
    """Take `-n NUMBER` out of the arguments: how many tests run at once, if it is said."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-n", type=int)
    known, others = parser.parse_known_args(arguments)
    return known.n, others


def run_tests(runner: Runner, stack: Stack, arguments: list[str], number: int) -> None:
    """Run some tests in that many lanes, or one by one."""
    with lanes(stack, number) as (in_lanes, environ):
        runner.run(tests(*in_lanes, *arguments, environ=environ))


def run_all_tests(runner: Runner, stack: Stack, screen: Screen, number: int) -> None:
    """Run every test in that many lanes; in CI the few that fail have a second look."""
    remembered = second_look.cache(stack.folder)
    with lanes(stack, number) as (in_lanes, environ):
        arguments = (*in_lanes, SLOWEST, *seeds.option(os.environ), *remembered)
        everything = tests(*arguments, environ=environ)
        if not in_ci():
            runner.run(everything)
            return
        second_look.take(
            runner,
            screen,
            stack.folder,
            first=everything,
            again=lambda *chosen: replace(
                tests(*remembered, *chosen, environ={}), title="Tests, once more"
            ),
        )


@contextmanager
def lanes(stack: Stack, number: int) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
    """Make that many lanes, or none for one; yield what pytest is told of them, and its environment."""
    if number == 1:
        yield (), {}
        return
    with xdist_databases.opened(stack, number) as environ:
        yield (*IN_LANES, f"-n{number}"), environ


def in_ci() -> bool:
    """Tell whether this run decides about a change for others."""
    return os.environ.get("CI", "").lower() in {"true", "1"}


def browser(stack: Stack, screen: Screen, missing: list[str]) -> dict[str, str]:
    """Return where the browser tests find their browser, bringing one where that is possible."""
    path = chromium.find()
    if path is None and chromium.can_install():
        log = stack.log("chromium")
        screen.step("Chromium installed", partial(chromium.install, log=log))
        path = chromium.find()
    if path is None:
        missing.append("the browser tests: there is no Chromium (CHROMIUM names one)")
        return {}
    return {"CHROMIUM": path}


def checks(missing: list[str]) -> list[Check]:
    """Return all checks but the tests; what cannot run here is added to `missing`."""
    manage = (PYTHON, "manage.py")
    lint_imports = "from importlinter.cli import lint_imports_command as run; run()"
    return [
        Check(
            name="resources",
            title="No resource of the API lacks a piece",
            command=(PYTHON, "-m", "pytest", "-q", "tests/unit/tenant_api/test_completeness.py"),
        ),
        Check(
            name="format",
            title="Format",
            command=(PYTHON, "-m", "ruff", "format", "--check", "."),
        ),
        Check(
            name="credentials",
            title="No credential is in the repository, and a planted one is found",
            command=(PYTHON, "-m", "devstack.credentials"),
        ),
        Check(name="lint", title="Lint", command=(PYTHON, "-m", "ruff", "check", ".")),
        Check(name="types", title="Types", command=(PYTHON, "-m", "mypy")),
        Check(name="imports", title="Import contracts", command=(PYTHON, "-c", lint_imports)),
        Check(
            name="architecture",
            title="The picture of the rooms is the code's",
            command=(PYTHON, "-m", "devstack.architecture", "--check"),
        ),
        Check(
            name="hooks",
            title="The page of hooks is the code's",
            command=(PYTHON, "-m", "devstack.hooks", "--check"),
        ),
        Check(
            name="migrations",
            title="No migration is missing",
            command=(*manage, "makemigrations", "--check", "--dry-run"),
            needs_database=True,
        ),
        Check(
            name="old-code",
            title="Old code can live with each migration",
            command=(PYTHON, "-m", "devstack.lint_migrations"),
            needs_database=True,
        ),
        Check(
            name="production",
            title="Production settings are safe",
            command=(*manage, "check", "--deploy", "--fail-level", "WARNING"),
            environ=environment.production_like(),
        ),
        Check(
            name="openapi",
            title="OpenAPI files match the code",
            command=(*manage, "openapi", "--check"),
        ),
        Check(
            name="api-changes",
            title="No undeclared change of the API breaks its clients",
            command=(PYTHON, "-m", "devstack.api_changes", "--check"),
        ),
        *node_checks(missing),
        Check(
            name="python-client",
            title="openapi-python-client: what it makes imports",
            command=(PYTHON, "-m", "devstack.python_client"),
        ),
    ]


def node_checks(missing: list[str]) -> list[Check]:
    """Return the checks of the API documents, the client and the site, which need `npm`."""
    npm = shutil.which("npm")
    if npm is None:
        missing.append("the checks of the API documents, the client and the site: there is no npm")
        return []
    return [
        *_in_folder(
            (npm, "--prefix", "clients/checks", "--silent"),
            ("documents-packages", "Packages that check the API documents", "ci"),
            ("redocly", "API documents: Redocly's rules", "run redocly"),
            ("spectral", "API documents: Spectral's rules", "run spectral"),
        ),
        *_in_folder(
            (npm, "--prefix", "clients/typescript", "--silent"),
            ("client-packages", "TypeScript client's packages", "ci"),
            ("client-types", "TypeScript types match the API", "run types:check"),
            ("client-build", "TypeScript client compiles strictly", "run build"),
            ("client-examples", "TypeScript client's examples compile", "run examples"),
            ("client-package", "TypeScript client is packed well", "run package:check"),
        ),
        *_in_folder(
            (npm, "--prefix", "clients/generators", "--silent"),
            ("generators-packages", "Generators' packages", "ci"),
            (
                "generators",
                "orval, hey-api, openapi-typescript: what they make compiles",
                "run generate",
            ),
        ),
        *_in_folder(
            (npm, "--prefix", "clients/stripe", "--silent"),
            ("stripe-packages", "Stripe's own library for Node", "ci"),
        ),
        Check(
            name="site",
            title="Next.js site builds",
            command=(PYTHON, "-m", "devstack.frontend"),
            by_node=True,
        ),
    ]


def _in_folder(npm: tuple[str, ...], *checks: tuple[str, str, str]) -> list[Check]:
    """Return checks that npm runs in a folder, each given as its name, its title and its words."""
    return [
        Check(name=name, title=title, command=(*npm, *words.split()), by_node=True)
        for name, title, words in checks
    ]


def tests(*arguments: str, environ: Mapping[str, str]) -> Check:
    """Return the tests, as a check whose output is seen as it comes."""
    command = (PYTHON, "-m", "pytest", *arguments)
    return Check(name="tests", title="Tests", command=command, environ=environ, loud=True)


def verdict(runner: Runner, screen: Screen, missing: list[str]) -> int:
    """Say what failed and what could not run; return the exit code."""
    screen.plain("")
    for what in missing:
        screen.note(f"Not run: {what}.")
    if runner.failed:
        screen.plain(f"✗ Failed: {', '.join(runner.failed)}")
        return 1
    if missing and in_ci():
        screen.plain("✗ In CI everything must run.")
        return 1
    screen.plain("✓ All passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
