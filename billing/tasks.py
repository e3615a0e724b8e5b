"""Jobs that wake the inbox up, and sweeps that find what nobody woke up for."""

from __future__ import annotations

import uuid

import structlog
from procrastinate.contrib.django import app
from procrastinate.types import JSONValue

from billing import access, checkout, drift, gateway, inbox, manual, missed, stripe_account
from public_apps.core import jobs, sweeps
from public_apps.onboarding.models import Signup

log = structlog.get_logger(__name__)
# What was on its way when we looked first has arrived when we look again.
SECOND_LOOK_SECONDS = 180


@app.task(**jobs.EVENT)
def handle_event(event_id: str) -> None:
    """Make one attempt at an event."""
    inbox.handle(event_id=event_id)


@app.periodic(cron="* * * * * */5")
@app.task(queueing_lock="sweep_events", **jobs.SWEEP)
def sweep_events(timestamp: int) -> None:
    """Wake up every event that is due: a killed worker or a restarted database loses none."""
    sweeps.each("sweep_events", inbox.forgotten(), inbox.wake, named=lambda event: event.pk)


@app.periodic(cron="* * * * * */30")
@app.task(queueing_lock="review_access", **jobs.SWEEP)
def review_access(timestamp: int) -> None:
    """Let the clock have its say: grace periods end, and days that were paid for by hand."""
    access.review_due()


@app.task(**jobs.PURCHASE)
def settle_signup(signup_id: str) -> None:
    """Ask Stripe how a sign-up's session ended."""
    with stripe_account.told():
        checkout.settle_signup(signup_id=uuid.UUID(signup_id))


@app.periodic(cron="* * * * * */20")
@app.task(queueing_lock="sweep_signups", **jobs.SWEEP)
def sweep_signups(timestamp: int) -> None:
    """Find sign-ups that no event has moved: paid and not ready, or past their session's end."""
    sweeps.each(
        "sweep_signups", checkout.stuck(), _wake_signup, named=lambda signup: f"sign-up {signup.pk}"
    )


def _wake_signup(signup: Signup) -> None:
    rank = jobs.PURCHASE if signup.paid_at else jobs.LATE_SIGNUP
    lock = f"{checkout.JOBS}:{signup.pk}"
    jobs.defer_once(settle_signup, lock=lock, rank=rank, signup_id=str(signup.pk))


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="fetch_missed_events", **jobs.LATE_SIGNUP)
def fetch_missed_events(timestamp: int) -> None:
    """Bring in what Stripe could not deliver while we were down."""
    if manual.is_on():
        return
    try:
        missed.fetch()
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("missed events not fetched", error=str(error))


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="watch_drift", **jobs.HOUSEKEEPING)
def watch_drift(timestamp: int) -> None:
    """Compare all tenants with Stripe; what differs gets a second look before anybody is told."""
    lines = _look_for_drift()
    if lines:
        confirm_drift.configure(schedule_in={"seconds": SECOND_LOOK_SECONDS}).defer(
            lines=list[JSONValue](lines[: drift.MOST_LINES])
        )
    elif lines is not None:
        drift.report([])


@app.task(**jobs.HOUSEKEEPING)
def confirm_drift(lines: list[str]) -> None:
    """Tell staff of what differed then and differs still."""
    again = _look_for_drift()
    if again is not None:
        drift.report([line for line in lines if line in set(again)])


def _look_for_drift() -> list[str] | None:
    if manual.is_on():
        return None
    try:
        return drift.seen()
    except (gateway.StripeUnavailable, gateway.StripeRefused) as error:
        log.warning("not compared with Stripe", error=str(error))
        return None
