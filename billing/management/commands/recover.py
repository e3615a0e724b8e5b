"""`manage.py recover`: bring back who bought after the dump that this database came from."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from billing import gateway, manual_mode, recovery, stripe_account
from billing.recovery import Line, Verdict
from public_apps.core import clock

OPEN, BROKEN = 1, 2


class Command(BaseCommand):
    help = (
        "Walk all that Stripe knows since the dump that this database came from: open workspaces that "
        "were bought since then, bring subscriptions, invoices and events in line, and tell what a "
        "person must decide. Changes nothing at Stripe; safe to repeat. "
        "Exits 0 if nothing is left, 1 if somebody must decide, 2 if something failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            required=True,
            metavar="TIME",
            help="when the dump was made, or a while before: 2026-11-30T01:13Z; without a zone by UTC",
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if manual_mode.is_on():
            raise CommandError("Manual mode: Stripe is not asked for anything.")
        since = _since(options["since"])
        lines: list[Line] = []
        try:
            with stripe_account.telling_staff():
                for line in recovery.recover(since=since):
                    lines.append(line)
                    self._show(line, as_json=options["json"])
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            told = f"Stripe: {error}. What was done stays; run it again for the rest."
            lines.append(Line(verdict=Verdict.FAILED, about="Stripe", told=told))
            self._show(lines[-1], as_json=options["json"])
        self._sum_up(lines, as_json=options["json"])
        if status := _status(lines):
            raise SystemExit(status)

    def _show(self, line: Line, *, as_json: bool) -> None:
        if not as_json:
            self.stdout.write(f"{line.verdict:<13}  {line.about}  {line.told}")

    def _sum_up(self, lines: list[Line], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([asdict(line) for line in lines]))
            return
        counts = Counter(line.verdict for line in lines)
        self.stdout.write(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict))


def _status(lines: list[Line]) -> int:
    verdicts = {line.verdict for line in lines}
    if Verdict.FAILED in verdicts:
        return BROKEN
    return OPEN if Verdict.DECIDE in verdicts else 0


def _since(typed: str) -> datetime:
    try:
        moment, day = parse_datetime(typed), parse_date(typed)
    except ValueError as error:
        raise CommandError(f"--since: {typed!r} is no time: {error}") from error
    if moment is None and day is not None:
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - made aware below
    if moment is None:
        raise CommandError(f"--since: {typed!r} is no time such as 2026-11-30T01:13Z.")
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=timezone.get_fixed_timezone(0))
    if moment > clock.now():
        raise CommandError(f"--since: {typed!r} is yet to come.")
    return moment
