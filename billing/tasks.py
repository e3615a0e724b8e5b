"""Jobs that wake the inbox up, and sweeps that find what nobody woke up for."""

from __future__ import annotations

import uuid

import structlog
from procrastinate.types import JSONValue

from billing import (
    access,
    checkout,
    event_backfill,
    gateway,
    handlers,
    inbox,
    manual_mode,
    stripe_account,
    stripe_mismatch,
    webhook_stats,
)
from public_apps.core import jobs, sweeps

log = structlog.get_logger(__name__)
# What was on its way when we looked first has arrived when we look again.
SECOND_LOOK_SECONDS = 180


@jobs.task("billing.handle_event", rank=jobs.EVENT)
def handle_event(event_id: str) -> None:
    """Make one attempt at an event."""
    inbox.handle(event_id=event_id, handler=handlers.handle)


@jobs.periodic("billing.sweep_events", cron="* * * * * */5", rank=jobs.SWEEP)
def sweep_events(timestamp: int) -> None:
    """Wake up every event that is due: a killed worker or a restarted database loses none."""
    sweeps.sweep("sweep_events", inbox.forgotten(), inbox.enqueue, named=lambda event: event.pk)


@jobs.periodic("billing.review_access", cron="* * * * * */30", rank=jobs.SWEEP)
def review_access(timestamp: int) -> None:
    """Let the clock have its say: grace periods end, and days that were paid for by hand."""
    access.review_due()


@jobs.task("billing.settle_signup", rank=jobs.PURCHASE)
def settle_signup(signup_id: str) -> None:
    """Ask Stripe how a sign-up's session ended."""
    with stripe_account.telling_staff():
        checkout.settle_signup(signup_id=uuid.UUID(signup_id))


@jobs.periodic("billing.sweep_signups", cron="* * * * * */20", rank=jobs.SWEEP)
def sweep_signups(timestamp: int) -> None:
    """Find sign-ups that no event has moved: paid and not ready, or past their session's end."""
    sweeps.sweep(
        "sweep_signups",
        checkout.stuck(),
        checkout.enqueue,
        named=lambda signup: f"sign-up {signup.pk}",
    )


@jobs.periodic("billing.fetch_missed_events", cron="*/10 * * * *", rank=jobs.LATE_SIGNUP)
def fetch_missed_events(timestamp: int) -> None:
    """Bring in what Stripe could not deliver while we were down."""
    if manual_mode.is_on():
        return
    try:
        event_backfill.fetch()
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("missed events not fetched", error=str(error))


@jobs.periodic("billing.watch_drift", cron="23 * * * *", rank=jobs.HOUSEKEEPING)
def watch_drift(timestamp: int) -> None:
    """Compare all tenants with Stripe; what differs gets a second look before anybody is told."""
    lines = _look_for_drift()
    if lines:
        confirm_drift.configure(schedule_in={"seconds": SECOND_LOOK_SECONDS}).defer(
            lines=list[JSONValue](lines[: stripe_mismatch.MOST_LINES])
        )
    elif lines is not None:
        stripe_mismatch.report([])


@jobs.periodic("billing.forget_webhook_stats", cron="57 3 * * *", rank=jobs.HOUSEKEEPING)
def forget_webhook_stats(timestamp: int) -> None:
    """Forget what webhooks did long ago."""
    webhook_stats.forget_old()


@jobs.task("billing.confirm_drift", rank=jobs.HOUSEKEEPING)
def confirm_drift(lines: list[str]) -> None:
    """Tell staff of what differed then and differs still."""
    again = _look_for_drift()
    if again is not None:
        stripe_mismatch.report([line for line in lines if line in set(again)])


def _look_for_drift() -> list[str] | None:
    if manual_mode.is_on():
        return None
    try:
        return stripe_mismatch.mismatches()
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("not compared with Stripe", error=str(error))
        return None
