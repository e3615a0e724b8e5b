"""`manage.py doctor`: is this deployment well, and if not, what is to be done?"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from billing import gateway, portal, webhook_endpoint
from public_apps.core.scrubbing import scrub
from staff.doctor import examination, infrastructure
from staff.doctor.findings import Finding, Verdict, failing, ok

SIGNS = {Verdict.OK: "✓", Verdict.WARNING: "!", Verdict.FAILING: "✗", Verdict.SKIPPED: "-"}


class Command(BaseCommand):
    help = (
        "Examine this deployment from inside: settings, hosts, database, migrations, worker, mail, "
        "Stripe. Exits 1 if anything fails."
    )
    # The examination names what is missing better than a refusal to start would.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="findings as a JSON list")
        parser.add_argument(
            "--fix",
            action="store_true",
            help="create or correct at Stripe the webhook endpoint, whose new secret is shown once, "
            "and the customer portal",
        )
        parser.add_argument("--send-mail", metavar="ADDRESS", help="send a test mail there")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["json"] and options["fix"]:
            raise CommandError("--fix shows a secret once, for people: use it without --json.")
        if options["fix"]:
            self._fix()
        found = []
        for finding in self._findings(options["send_mail"]):
            found.append(finding)
            if not options["json"]:
                self._show(finding)
        if options["json"]:
            self.stdout.write(json.dumps([_shown(finding) for finding in found], indent=2))
        failed = [finding for finding in found if finding.verdict == Verdict.FAILING]
        if not options["json"]:
            self.stdout.write(f"\n{len(failed)} failing." if failed else "\nAll is well.")
        if failed:
            sys.exit(1)

    def _findings(self, address: str | None) -> Iterator[Finding]:
        yield from examination.findings()
        if address:
            yield infrastructure.send_mail(address)

    def _show(self, finding: Finding) -> None:
        shown = _shown(finding)
        self.stdout.write(f"{SIGNS[finding.verdict]} {shown['part']}: {shown['detail']}")
        if finding.advice:
            self.stdout.write(f"    → {shown['advice']}")

    def _fix(self) -> None:
        if settings.STRIPE.mode == "manual":
            raise CommandError("Manual mode: Stripe is not asked for anything.")
        done = self._fix_portal()
        try:
            fixed = webhook_endpoint.fix()
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            self._show(failing("fix", str(error), "The endpoint was left as it is."))
            return
        if fixed is None:
            if not done:
                self._show(ok("fix", "There was nothing to fix at Stripe."))
            return
        self._show(ok("fix", f"The webhook endpoint: {fixed.done}."))
        if fixed.secret:
            self.stdout.write(
                f"    → Its signing secret, shown this once: {fixed.secret}\n"
                "    → Add it to STRIPE_WEBHOOK_SECRET of web and worker (comma-separated, beside an\n"
                "      old one that is still in use) and restart both."
            )

    def _fix_portal(self) -> bool:
        """Bring the customer portal in line; return whether there is something to tell of that."""
        try:
            fixed = portal.fix()
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            self._show(failing("fix", str(error), "The customer portal was left as it is."))
            return True
        if fixed:
            self._show(ok("fix", f"The customer portal: {fixed}."))
        return bool(fixed)


def _shown(finding: Finding) -> dict[str, Any]:
    """Return a finding without anything that looks like a credential."""
    shown = scrub(asdict(finding))
    assert isinstance(shown, dict)  # noqa: S101 - a dictionary stays one
    return shown
