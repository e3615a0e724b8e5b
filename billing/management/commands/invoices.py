"""`manage.py invoices export` and `send`: a month for the accountant, and for the authority."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.documents import export
from billing.documents.month import read_month
from billing.einvoicing import outbox
from billing.einvoicing.provider import is_on
from public_apps.core import errors


class Command(BaseCommand):
    help = (
        "export: write a month's invoices, credit notes, refunds and payments by hand. "
        "send: promise to the e-invoicing provider what of a month was not, whenever that was. "
        "A month begins and ends at midnight in Athens."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["export", "send"])
        parser.add_argument("--month", required=True, metavar="YYYY-MM")
        parser.add_argument("--format", choices=sorted(export.FORMATS), default=export.CSV)
        parser.add_argument("--output", type=Path, metavar="PATH", help="a file; default: stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "send":
                self._send(options["month"])
            else:
                self._export(options["month"], options["format"], options["output"])
        except errors.Invalid as refusal:
            raise CommandError(f"--month: {refusal.detail}") from refusal

    def _export(self, month: str, form: str, output: Path | None) -> None:
        made = export.made(month=month, form=form)
        if output is None:
            self._write_out(made.content, form)
        else:
            try:
                output.write_bytes(made.content)
            except OSError as error:
                raise CommandError(f"--output: {error}") from error
            self.stdout.write(f"{output}: {made.rows} entries.")
        if made.incomplete:
            self.stderr.write(
                f"{made.incomplete} invoices of this month are left out: their sums were not kept by "
                "the release before. The worker asks Stripe for them by itself; repeat this later."
            )

    def _write_out(self, content: bytes, form: str) -> None:
        if form == export.XLSX:
            if sys.stdout.isatty():
                raise CommandError("A workbook is not for a terminal: give --output.")
            sys.stdout.buffer.write(content)
            return
        self.stdout.write(content.decode(), ending="")

    def _send(self, month: str) -> None:
        if not is_on():
            raise CommandError("No provider is set up: set EINVOICE_PROVIDER and EINVOICE_SINCE.")
        promised = outbox.promise_month(read_month(month))
        self.stdout.write(f"{promised} documents promised; the worker passes them on.")
