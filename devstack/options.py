"""What bin/demo can be asked for. Imports nothing that must be installed: `--help` works on its own."""

from __future__ import annotations

import argparse

SERVE = "serve"
WHATS = {
    "failed-payment": "the card is declined: past due, with its mail",
    "recovered": "the owner pays after all",
    "unpaid": "Stripe gives up: the workspace is suspended",
    "cancellation": "the subscription ends at once",
    "end-of-trial": "the trial ends and is charged",
    "trial-will-end": "Stripe's notice, three days before",
    "dispute": "the bank takes the last payment back",
    "refund": "the last payment is refunded in full",
    "failed-refund": "that refund comes back: staff are told",
    "fraud-warning": "the bank takes the last payment for fraud: staff are told",
    "failed-finalization": "Stripe can't finish an invoice: staff are told",
    "slow-renewal": "the next period is charged by a debit that takes days",
}
DAY = 86_400
UNITS = {"h": 3600, "d": DAY, "w": 7 * DAY, "m": 31 * DAY}
MOST_SECONDS = 400 * DAY


def parser() -> argparse.ArgumentParser:
    """Return the command line of bin/demo."""
    demo = argparse.ArgumentParser(
        prog="bin/demo",
        description="Starts New Concierge with all that it needs, then buys and opens a workspace."
        " Serves until Ctrl-C. With a command: something with the demo that runs.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    how = demo.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="stop after the purchase; exit 0 or 1")
    how.add_argument("--no-journey", action="store_true", help="serve, without the purchase")
    demo.add_argument(
        "--frontend",
        action="store_true",
        help="serve the Next.js site of clients/nextjs, too (needs node); links in mails lead there",
    )
    commands = demo.add_subparsers(dest="command", metavar="COMMAND")
    demo.set_defaults(command=SERVE)
    commands.add_parser("status", help="the addresses and passwords again, and whether all is well")
    commands.add_parser("reset", help="forget everything: the next start is the first one again")
    shell = commands.add_parser(
        "shell", help="a Django shell, inside a workspace or outside of all"
    )
    shell.add_argument("tenant", nargs="?", metavar="TENANT", help="subdomain or schema")
    psql = commands.add_parser("psql", help="the database")
    psql.add_argument("tenant", nargs="?", metavar="TENANT", help="whose schema to look at")
    commands.add_parser("mail", help="where mails are read in a browser, and the last of them")
    simulate = commands.add_parser(
        "simulate",
        help="something that happens to a subscription",
        description="\n".join(f"  {what:<16} {tells}" for what, tells in WHATS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    simulate.add_argument("what", choices=WHATS, metavar="WHAT", help=", ".join(WHATS))
    simulate.add_argument(
        "tenant", nargs="?", metavar="TENANT", help="subdomain; else the one that the demo bought"
    )
    clock = commands.add_parser("clock", help="put the mock Stripe's clock forward: +31d, +2h, +1w")
    clock.add_argument("advance", type=seconds_of, metavar="+31d")
    return demo


def seconds_of(text: str) -> int:
    """Read a stretch of time such as +31d, +12h, +2w or +1m (a month of 31 days), in seconds."""
    number, unit = text.removeprefix("+")[:-1], text[-1:]
    if not number.isascii() or not number.isdecimal() or unit not in UNITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not like +31d, +12h, +2w or +1m")
    seconds = int(number) * UNITS[unit]
    if not 0 < seconds <= MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not between an hour and 400 days")
    return seconds


if __name__ == "__main__":
    parser().parse_args()
