"""`bin/campaign`: everything breaks at once; then what was lost, and who waited how long."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from devstack import environment, os_signals, template
from devstack.console import Screen
from devstack.processes import PartFailed
from tests.campaigns import report
from tests.campaigns.campaign import Campaign, Plan

MOST_MINUTES = 24 * 60


class TooLong(BaseException):
    """The campaign's own deadline has come. No Exception: only the outermost caller handles it."""


def main() -> int:
    """Run what the command line asks for; 0 if every invariant held."""
    options = _options()
    screen = Screen()
    base = Path(os.environ.get("CONCIERGE_STATE", "var")).absolute() / "campaign"
    base.mkdir(parents=True, exist_ok=True)
    if environment.TEMPLATES not in os.environ:
        os.environ[environment.TEMPLATES] = str(template.shelf(base / "templates"))
    plan = Plan(
        minutes=options.minutes, seed=options.seed, rate=options.rate,
        backlog=options.backlog, strangers=options.strangers,
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=base))
    campaign = Campaign(plan, folder, screen.note)
    os_signals.listen()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(int(plan.longest))
    try:
        campaign.run()
    except PartFailed as failed:
        screen.failure(failed)
        campaign.record.ending.unrest = f"broken off: {failed}"
    except TooLong:
        campaign.record.ending.unrest = f"broken off: not done after {plan.longest:.0f} s"
    except os_signals.Stopped as stopped:
        campaign.forget()
        screen.plain("All stopped.")
        return stopped.exit_code
    finally:
        signal.alarm(0)
    return _tell(campaign, base, screen, strict=options.strict)


def _tell(campaign: Campaign, base: Path, screen: Screen, *, strict: bool) -> int:
    found = report.of(campaign.record)
    text = report.as_text(found)
    report.write(found, text, base)
    screen.plain(text)
    held = report.held(found)
    if held:
        campaign.forget()
    else:
        screen.plain(f"Logs and mails: {campaign.folder}")
    screen.plain(f"Report: {base / report.JSON}, {base / report.TEXT}")
    return int(not held or (strict and not report.goals_met(found)))


def _too_long(number: int, frame: FrameType | None) -> None:
    raise TooLong


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/campaign",
        description="Buys workspaces while everything is killed, stopped, hung and flooded at once."
        " Exits 1 if an invariant broke.",
    )
    parser.add_argument("--minutes", type=float, default=10, help="how long it burns (default 10)")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(10_000), help="which schedule; else any"
    )
    parser.add_argument("--rate", type=float, default=20, help="buyers a minute (default 20)")
    parser.add_argument("--backlog", type=int, default=300, help="events at a time (default 300)")
    parser.add_argument(
        "--strangers", type=int, default=24, help="slow connections at a time (default 24)"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit 1 if a goal of seconds was missed, too"
    )
    options = parser.parse_args()
    if not 0.5 <= options.minutes <= MOST_MINUTES:
        parser.error(f"--minutes: 0.5 to {MOST_MINUTES}")
    if not 0 < options.rate <= 600:
        parser.error("--rate: more than 0, at most 600 buyers a minute")
    for name in ("backlog", "strangers"):
        if getattr(options, name) < 0:
            parser.error(f"--{name}: 0 or more")
    return options


if __name__ == "__main__":
    sys.exit(main())
