"""`manage.py plans push`: take plans and prices to Stripe."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import gateway, plans


class Command(BaseCommand):
    help = (
        "Create or find the Stripe products and prices of our plans, by lookup key. Safe to repeat."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["push"])

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = plans.push()
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            raise CommandError(f"Stripe: {error}") from error
        for line in lines:
            self.stdout.write(line)
