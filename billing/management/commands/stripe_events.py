"""`manage.py stripe_events`: look into the inbox, and give events another try."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import event_backfill, gateway, inbox, manual_mode
from billing.models import EventStatus, StripeEvent


class Command(BaseCommand):
    help = "List the events that Stripe sent, retry some, or fetch what never arrived."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="newest first")
        listing.add_argument("--status", choices=EventStatus.values)
        listing.add_argument("--type")
        listing.add_argument("--limit", type=int, help="at most so many; all by default")
        listing.add_argument("--json", action="store_true")
        again = actions.add_parser("retry", help="try events again")
        again.add_argument("event", nargs="*", help="evt_…")
        again.add_argument("--all-failed", action="store_true", help="every failed event")
        actions.add_parser("fetch-missed", help="store what Stripe could not deliver in 30 days")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            self._list(options)
        elif options["action"] == "retry":
            self._retry(options)
        else:
            self._fetch_missed()

    def _list(self, options: dict[str, Any]) -> None:
        events = StripeEvent.objects.select_related("tenant").order_by("-received_at")
        if options["status"]:
            events = events.filter(status=options["status"])
        if options["type"]:
            events = events.filter(type=options["type"])
        rows = [_row(event) for event in events[: options["limit"]]]
        if options["json"]:
            self.stdout.write(json.dumps(rows, default=str))
            return
        for row in rows:
            self.stdout.write(
                f"{row['received_at']:%Y-%m-%d %H:%M:%S}  {row['status']:<9}  {row['type']:<40}"
                f"  {row['object_id']}  {row['error']}"
            )

    def _retry(self, options: dict[str, Any]) -> None:
        events = StripeEvent.objects.filter(pk__in=options["event"])
        if missing := set(options["event"]) - set(events.values_list("pk", flat=True)):
            raise CommandError(f"No such event: {', '.join(sorted(missing))}")
        if options["all_failed"]:
            events = events | StripeEvent.objects.filter(status=EventStatus.FAILED)
        elif not options["event"]:
            raise CommandError("Name events, or use --all-failed.")
        for event in events:
            inbox.retry(event=event)
            self.stdout.write(f"enqueued {event.pk}")

    def _fetch_missed(self) -> None:
        if manual_mode.is_on():
            raise CommandError("Manual mode: Stripe is not asked for anything.")
        try:
            fetched = event_backfill.fetch()
        except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
            raise CommandError(f"Stripe: {error}") from error
        for event_id in fetched.new:
            self.stdout.write(f"stored {event_id}")
        self.stdout.write(f"{len(fetched.new)} new, {fetched.known} known already")
        if fetched.broken:
            raise CommandError("\n".join(["Not taken in:", *fetched.broken]))


def _row(event: StripeEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "type": event.type,
        "status": event.status,
        "attempts": event.attempts,
        "error": event.error,
        "received_at": event.received_at,
        "processed_at": event.processed_at,
        "object_id": event.object_id,
        "tenant": event.tenant.schema_name if event.tenant else None,
    }
