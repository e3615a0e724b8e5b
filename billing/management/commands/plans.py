"""`manage.py plans push`: take plans and prices to Stripe, and what customers may do in its portal."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import gateway, plans, portal


class Command(BaseCommand):
    help = (
        "Create or find the Stripe products and prices of our plans, by lookup key, and the "
        "configuration of the customer portal. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["push"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = plans.push()
            if fixed := portal.fix():
                lines.append(f"customer portal {fixed}")
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            raise CommandError(f"Stripe: {error}") from error
        for line in lines:
            self.stdout.write(line)
